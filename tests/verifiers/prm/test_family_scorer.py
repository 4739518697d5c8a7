from __future__ import annotations

from typing import Any

import pytest

from tts.errors import BadReply
from tts.protocols import Meter, StepScoreRequest
from tts.values import Message
from tts.verifiers.prm import FAMILIES, FamilyScorer, PromptTokenizer

QUESTION = (Message("user", "Q?"),)
TRL = FAMILIES["trl"]


def request(*steps: str) -> StepScoreRequest:
    return StepScoreRequest(messages=QUESTION, steps=steps)


async def test_scores_come_in_the_order_of_the_steps(echo: Any, tokenizer: PromptTokenizer) -> None:
    scorer = FamilyScorer(TRL, tokenizer=tokenizer, reader=echo())
    reply = await scorer.score_steps(request("a", "b", "c"), Meter())
    assert list(reply.scores) == sorted(reply.scores)
    assert len(reply.scores) == 3


async def test_usage_is_the_count(echo: Any, tokenizer: PromptTokenizer) -> None:
    scorer = FamilyScorer(TRL, tokenizer=tokenizer, reader=echo())
    meter = Meter()
    reply = await scorer.score_steps(request("a", "b"), meter)
    assert reply.usage.prompt_tokens == scorer.count(QUESTION, ("a", "b")) == 8
    assert (reply.usage.flops, meter.usage) == (2 * 10 * 8, reply.usage)


async def test_a_long_text_is_read_in_parts_and_degraded(
    echo: Any, tokenizer: PromptTokenizer
) -> None:
    reader = echo(context_length=40)
    scorer = FamilyScorer(TRL, tokenizer=tokenizer, reader=reader)
    reply = await scorer.score_steps(request(*("ten chars!",) * 6), Meter())
    assert (len(reply.scores), reply.degraded) == (6, True)
    assert len(reader.rows) > 1


async def test_no_steps_are_not_sent(echo: Any, tokenizer: PromptTokenizer) -> None:
    reader = echo()
    scorer = FamilyScorer(TRL, tokenizer=tokenizer, reader=reader)
    assert (await scorer.score_steps(request(), Meter())).scores == ()
    assert reader.rows == []


async def test_another_head_is_noticed(echo: Any, tokenizer: PromptTokenizer) -> None:
    scorer = FamilyScorer(TRL, tokenizer=tokenizer, reader=echo(outputs=1))
    with pytest.raises(BadReply, match="1 outputs"):
        await scorer.score_steps(request("a"), Meter())
