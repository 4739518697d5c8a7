"""One contract for every home of a process reward model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.protocols import Meter, StepScorer, StepScoreRequest
from tts.values import Message

QUESTION = (Message("user", "Compute (3 + 4) * 2."),)
TEXTS = (("7 * 2", "\\boxed{14}"), ("8 * 2", "\\boxed{16}"), ("7 * 2",), ("7 * 2",) * 9)


def request(steps: Sequence[str]) -> StepScoreRequest:
    return StepScoreRequest(messages=QUESTION, steps=tuple(steps))


async def test_scores_are_those_of_the_embedded_runtime(
    prm: StepScorer, embedded_prm: EmbeddedStepScorer
) -> None:
    for steps in TEXTS:
        own = await prm.score_steps(request(steps), Meter())
        reference = await embedded_prm.score_steps(request(steps), Meter())
        assert own.scores == pytest.approx(reference.scores, abs=1e-3)


async def test_every_step_has_one_score(prm: StepScorer) -> None:
    replies = await asyncio.gather(*(prm.score_steps(request(steps), Meter()) for steps in TEXTS))
    assert [len(reply.scores) for reply in replies] == [len(steps) for steps in TEXTS]


async def test_the_count_is_what_is_charged(prm: StepScorer) -> None:
    meter = Meter()
    reply = await prm.score_steps(request(TEXTS[0]), meter)
    assert reply.usage.prompt_tokens <= prm.count(QUESTION, TEXTS[0])
    assert meter.usage == reply.usage
