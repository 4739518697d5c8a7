from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tts.backends.embedded.embedded_model import EmbeddedModel
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.errors import BadInput, Unavailable
from tts.protocols import Meter, StepScorer, StepScoreRequest
from tts.values import Message

QUESTION = (Message("user", "Compute (3 + 4) * 2."),)
GOOD = ("7 * 2", "\\boxed{14}")
BAD = ("8 * 2", "\\boxed{16}")


@pytest.fixture
async def scorer() -> AsyncIterator[EmbeddedStepScorer]:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    yield scorer
    await scorer.close()


def request(steps: Sequence[str]) -> StepScoreRequest:
    return StepScoreRequest(messages=QUESTION, steps=tuple(steps))


async def test_each_step_has_one_score(scorer: StepScorer) -> None:
    reply = await scorer.score_steps(request(GOOD), Meter())
    assert len(reply.scores) == 2
    assert not reply.degraded


async def test_right_steps_score_above_wrong_ones(scorer: StepScorer) -> None:
    good = await scorer.score_steps(request(GOOD), Meter())
    bad = await scorer.score_steps(request(BAD), Meter())
    assert min(good.scores) > max(bad.scores)


async def test_scores_do_not_depend_on_who_waits_together(scorer: StepScorer) -> None:
    alone = await scorer.score_steps(request(GOOD), Meter())
    together = await asyncio.gather(
        *(scorer.score_steps(request(steps), Meter()) for steps in (BAD, GOOD, BAD * 3))
    )
    assert together[1].scores == pytest.approx(alone.scores, abs=1e-4)


async def test_usage_is_the_exact_count(scorer: StepScorer) -> None:
    meter = Meter()
    reply = await scorer.score_steps(request(GOOD), meter)
    assert reply.usage.prompt_tokens == scorer.count(QUESTION, GOOD)
    assert meter.usage == reply.usage


async def test_a_text_beyond_the_context_is_scored_in_parts(scorer: StepScorer) -> None:
    steps = ["(3 + 4) * 2"] * 150
    reply = await scorer.score_steps(request(steps), Meter())
    assert len(reply.scores) == 150
    assert reply.degraded


async def test_no_steps_give_no_scores(scorer: StepScorer) -> None:
    assert (await scorer.score_steps(request(()), Meter())).scores == ()


async def test_a_cancelled_request_leaves_the_others_running(scorer: StepScorer) -> None:
    kept = asyncio.create_task(scorer.score_steps(request(GOOD), Meter()))
    lost = asyncio.create_task(scorer.score_steps(request(BAD), Meter()))
    await asyncio.sleep(0)
    lost.cancel()
    assert len((await kept).scores) == 2


async def test_a_closed_scorer_is_unavailable() -> None:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    await scorer.close()
    with pytest.raises(Unavailable):
        await scorer.score_steps(request(GOOD), Meter())


def test_a_policy_is_no_scorer() -> None:
    with pytest.raises(BadInput, match="process reward"):
        EmbeddedStepScorer(EmbeddedModel.shipped("small"))
