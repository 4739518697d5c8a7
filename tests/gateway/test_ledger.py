"""From the id of an answer to what was done for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.conftest import key
from tts.errors import UnknownName
from tts.eval.bench.measuring import billed
from tts.eval.trace import read_trace

TURN: Any = [{"role": "user", "content": "What is six times seven?"}]


@pytest.mark.parametrize("by", ["answer", "request", "run"])
async def test_the_id_of_an_answer_leads_to_its_trace(opened: Any, lab: Any, by: str) -> None:
    place = await opened(lab.scripted({0: "\\boxed{41}", 1: "\\boxed{42}", 2: "So \\boxed{42}"}))
    answer = await place.client.chat.completions.create(
        model="scripted@majority_vote(n=3)", messages=TURN
    )
    await place.desk.close()
    names = {"answer": answer.id, "request": answer.tts["request"], "run": answer.tts["runs"][0]}
    trace = read_trace(place.ledger, names[by], answer.tts["job"])
    assert (trace.run.answer, trace.usage.calls) == ("42", 3)
    assert trace.usage.tokens == answer.usage.total_tokens
    with pytest.raises(UnknownName):
        read_trace(place.ledger, "chatcmpl-nothing", answer.tts["job"])


async def test_each_key_is_a_job_of_its_own(opened: Any, lab: Any) -> None:
    keys = [key(), key("bob", "sk-bob")]
    place = await opened(lab.words("Yes."), keys=keys)
    jobs = []
    for client in (place.client, place.another("sk-bob")):
        answer = await client.chat.completions.create(model="scripted", messages=TURN)
        jobs.append(answer.tts["job"])
    assert jobs == ["gateway.alice", "gateway.bob"]


async def test_no_secret_stands_in_the_ledger(opened: Any, lab: Any) -> None:
    place = await opened(lab.words("Yes."))
    await place.client.chat.completions.create(model="scripted", messages=TURN)
    await place.desk.close()
    assert place.client.api_key.encode() not in place.ledger.read_bytes()


async def test_many_streams_at_once_lose_nothing_and_keep_every_budget(
    opened: Any, lab: Any
) -> None:
    slow = lab.Slow(lab.words("one two \\boxed{42}"), shuffle=7)
    place = await opened(slow)

    async def stream() -> int:
        chunks = await place.client.chat.completions.create(
            model="scripted@majority_vote(n=3)",
            messages=TURN,
            stream=True,
            stream_options={"include_usage": True},
            extra_body={"tts": {"budget": "120 tokens"}},
        )
        told = [chunk async for chunk in chunks]
        assert "".join(c.choices[0].delta.content or "" for c in told if c.choices)
        return int(told[-1].usage.total_tokens)

    spent = await asyncio.gather(*(stream() for _ in range(64)))
    assert len(spent) == 64 and max(spent) <= 120
    await place.desk.close()
    assert billed(place.ledger).tokens == sum(spent)
