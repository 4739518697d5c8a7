from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.simulated import SimulatedGenerator
from tts.budget.idealised_runtime import read_runtimes, write_runtime
from tts.errors import BadInput
from tts.eval.tune import fitted
from tts.eval.tune.fit import Timing, fitted_reading, readings, timings
from tts.protocols import (
    GenerateReply,
    GenerateRequest,
    Meter,
    StepScoreReply,
    StepScoreRequest,
    TextListener,
)
from tts.values import Message, Model, Usage


def timed(prompts: dict[int, float], token: float, noise: float = 0.0) -> list[Timing]:
    rng = Random(1)
    return [
        Timing(size, drawn, (first + (drawn - 1) * token) * (1 + rng.uniform(-noise, noise)))
        for size, first in prompts.items()
        for drawn in (1, 8, 32, 64)
        for _ in range(3)
    ]


@given(some.floats(1e-5, 1.0), some.floats(1e-6, 10.0), some.floats(1.1, 10.0))
def test_exact_times_give_back_the_line(token: float, first: float, grows: float) -> None:
    found = fitted(timed({100: first, 400: first * grows}, token))
    assert found.token_seconds == pytest.approx(token, rel=1e-6)
    assert found.prompt_seconds[400] == pytest.approx(first * grows, rel=1e-4, abs=1e-4 * token)


def test_noise_is_averaged_out() -> None:
    found = fitted(timed({512: 0.2, 1024: 0.4}, 0.03, noise=0.05))
    assert found.token_seconds == pytest.approx(0.03, rel=0.1)


def test_one_disturbed_call_does_not_move_the_fit() -> None:
    calm = timed({100: 0.1}, 0.01)
    disturbed = [Timing(100, 64, 30.0), *calm[:-1]]
    assert fitted(disturbed).token_seconds == pytest.approx(0.01)


def test_times_that_do_not_grow_are_refused() -> None:
    with pytest.raises(BadInput, match="do not grow"):
        fitted([Timing(100, 5, 1.0), Timing(200, 9, 2.0)])


class Clocked(SimulatedGenerator):
    """Takes a tenth of a second per hundred prompt tokens and ten milliseconds per drawn token."""

    def __init__(self) -> None:
        super().__init__(0.5, steps=12, model=Model(name="c", parameters=0, context_length=900))
        self.now = 0.0

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        reply = await super().generate(request, meter, listener)
        drawn = reply.usage.completion_tokens
        self.now += 0.001 * reply.usage.prompt_tokens + 0.01 * (drawn - 1)
        return reply


async def test_the_power_is_what_was_counted_over_the_calls() -> None:
    generator = Clocked()
    calls = await timings(
        generator, clock=lambda: generator.now, energy=lambda: 250.0 * generator.now
    )
    assert fitted(calls).watts == pytest.approx(250)


async def test_a_power_that_nothing_counts_is_unknown() -> None:
    generator = Clocked()
    assert fitted(await timings(generator, clock=lambda: generator.now)).watts is None


async def test_a_counter_that_began_again_says_nothing() -> None:
    generator = Clocked()
    calls = await timings(generator, clock=lambda: generator.now, energy=lambda: -generator.now)
    assert fitted(calls).watts is None


async def test_timed_calls_give_the_models_own_speed() -> None:
    generator = Clocked()
    runtime = fitted(await timings(generator, clock=lambda: generator.now))
    assert runtime.token_seconds == pytest.approx(0.01)
    for size, seconds in runtime.prompt_seconds.items():
        assert seconds == pytest.approx(0.001 * size)
    assert max(runtime.prompt_seconds) > 500


async def test_the_embedded_model_is_timed_at_every_size_with_prompts_of_their_own() -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    try:
        found = await timings(generator, lengths=(1, 24), shares=(0.1, 0.6), repeats=2)
    finally:
        await generator.close()
    assert len(found) == 12
    assert len({one.prompt_tokens for one in found}) == 3
    assert {one.completion_tokens for one in found} > {1}


def test_fits_of_several_models_stand_in_one_file(tmp_path: Path) -> None:
    path, runtime = tmp_path / "runtime.yaml", fitted(timed({100: 0.1}, 0.01))
    write_runtime(path, "embedded:small", runtime)
    write_runtime(path, "other", runtime)
    assert read_runtimes(path) == {"embedded:small": runtime, "other": runtime}


class ClockedScorer:
    """A token a word; takes two milliseconds for each that it reads."""

    model = Model(name="judge", parameters=0, context_length=400)

    def __init__(self) -> None:
        self.now = 0.0

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        return sum(len(text.split()) for text in (*(one.content for one in messages), *steps))

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        tokens = self.count(request.messages, request.steps)
        self.now += 0.002 * tokens
        usage = Usage(calls=1, prompt_tokens=tokens)
        return StepScoreReply(scores=(0.5,) * len(request.steps), usage=usage)

    async def close(self) -> None:
        """Nothing is held."""


async def test_what_a_verifier_reads_has_its_own_speed_and_draws_nothing() -> None:
    scorer = ClockedScorer()
    found = await readings(
        scorer, clock=lambda: scorer.now, energy=lambda: 100.0 * scorer.now, repeats=2
    )
    runtime = fitted_reading(found)
    assert len(found) == 8 and runtime.token_seconds == 0.0
    assert runtime.watts == pytest.approx(100)
    for size, seconds in runtime.prompt_seconds.items():
        assert seconds == pytest.approx(0.002 * size)
    assert 250 < max(runtime.prompt_seconds) <= 300
