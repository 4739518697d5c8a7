from __future__ import annotations

from typing import Any

import pytest

from tts.backends.fault_server import Latency
from tts.backends.simulated import SLIP, SimulatedGenerator, SimulatedScorer, SimulatedSteps
from tts.protocols import Meter, StepScoreRequest
from tts.values import Message


@pytest.mark.parametrize("success", [0.0, 0.3, 1.0])
async def test_the_share_of_right_answers_is_the_known_one(ask: Any, success: float) -> None:
    generator = SimulatedGenerator(success, truth=lambda question: "7")
    reply = await generator.generate(ask(n=2000), Meter())
    right = sum("\\boxed{7}" in draw.text for draw in reply.completions if draw)
    assert abs(right / 2000 - success) < 0.04


async def test_a_draw_depends_on_its_seed_alone(ask: Any) -> None:
    generator = SimulatedGenerator(0.5, latency=Latency(kind="lognormal", median=0.001))
    together = await generator.generate(ask(n=3), Meter())
    alone = await generator.generate(ask(n=1), Meter())
    assert together.completions[0] == alone.completions[0]


async def test_steps_are_drawn_one_by_one_until_the_answer(ask: Any) -> None:
    generator = SimulatedGenerator(1.0, steps=3)
    text, stops = "", list[str | None]()
    for _ in range(3):
        reply = await generator.generate(ask(prefix=text, stop=("\n\n",)), Meter())
        draw = reply.completions[0]
        assert draw is not None
        text += draw.text
        stops.append(draw.stop)
    assert stops == ["\n\n", "\n\n", None] and "\\boxed{42}" in text


@pytest.mark.parametrize("policy", [SimulatedGenerator(0.5), SimulatedSteps()])
async def test_what_is_drawn_is_told_to_the_listener(
    ask: Any, policy: SimulatedGenerator | SimulatedSteps
) -> None:
    told: dict[int, str] = {}
    reply = await policy.generate(ask(n=3), Meter(), told.__setitem__)
    assert list(told.values()) == [draw.text for draw in reply.completions if draw]


async def test_no_step_is_right_from_the_first_slip_on() -> None:
    steps = ("fine", SLIP, "fine")
    request = StepScoreRequest(messages=(Message("user", "q"),), steps=steps)
    reply = await SimulatedScorer(0.6, noise=0.0).score_steps(request, Meter())
    assert reply.scores == pytest.approx((0.8, 0.2, 0.2))
