"""The draws of a reply, whole or streamed: in which slot each stands and what it is charged."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.fault_server import Fault, FaultPlan
from tts.backends.openai_http.completions import apportion, events
from tts.errors import Unavailable
from tts.protocols import Meter
from tts.values import Capabilities

STREAM = (
    ': hello\r\n\r\ndata: {"a": "é"}\r\n\r\nevent: x\ndata:1\ndata: 2\n\ndata: [DONE]\n\n'.encode()
)
EXPECTED = ['{"a": "é"}'.encode(), b"1\n2", b"[DONE]"]


async def test_a_streamed_answer_is_the_whole_one(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    heard: dict[int, str] = {0: "", 1: ""}

    def listen(index: int, text: str) -> None:
        heard[index] += text

    streamed = await generator.generate(ask(n=2, stop=("\n\n",)), Meter(), listen)
    whole = await generator.generate(ask(n=2, stop=("\n\n",)), Meter())
    assert [draw.text for draw in streamed.completions] == [heard[0], heard[1]]
    assert [(d.text, d.stop) for d in streamed.completions] == [
        (d.text, d.stop) for d in whole.completions
    ]
    assert streamed.usage == whole.usage


@pytest.mark.parametrize("keep", [0, 1, 5])
async def test_a_stream_that_breaks_off_is_no_answer(meet: Any, ask: Any, keep: int) -> None:
    _, generator = await meet(Fault(kind="stream_cut", keep=keep))
    with pytest.raises(Unavailable):
        await generator.generate(ask(), Meter(), lambda index, text: None)


@pytest.mark.parametrize("dialect", ["openai", "vllm"])
async def test_cancelling_closes_the_socket_and_leaves_the_meter_current(
    meet: Any, ask: Any, until: Any, dialect: Any
) -> None:
    plan = FaultPlan(chunk_seconds=0.02, words=50_000)
    server, generator = await meet(plan=plan, dialect=dialect)
    meter, heard = Meter(), asyncio.Event()
    pieces: list[str] = []

    def listen(index: int, text: str) -> None:
        pieces.append(text)
        if len(pieces) > 3:
            heard.set()

    task = asyncio.create_task(generator.generate(ask(), meter, listen))
    await heard.wait()
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: server.record.cancelled)
    assert server.record.cancelled == 1
    assert meter.usage is not None and meter.usage.completion_tokens >= 3


async def test_hidden_thoughts_leave_the_meter_unknown_until_the_report(
    meet: Any, ask: Any
) -> None:
    plan = FaultPlan(reasoning_tokens=40, dialect="openai")
    can = Capabilities(reasoning=True, seed=True)
    _, generator = await meet(plan=plan, dialect="openai", capabilities=can)
    meter, seen = Meter(), list[object]()
    await generator.generate(ask(), meter, lambda index, text: seen.append(meter.usage))
    assert set(seen) == {None}
    assert meter.usage is not None and meter.usage.reasoning_tokens == 40


async def test_a_stream_without_usage_is_estimated(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=FaultPlan(reports_usage=False))
    reply = await generator.generate(ask(), Meter(), lambda index, text: None)
    assert reply.estimated and reply.usage.completion_tokens > 0


async def test_streamed_pieces_carry_the_log_probabilities_of_their_tokens(
    meet: Any, ask: Any
) -> None:
    _, generator = await meet()
    heard: list[Any] = []
    request = ask(logprobs=3)
    reply = await generator.generate(request, Meter(), lambda _, piece: heard.append(piece))
    told = [token for piece in heard for token in piece.logprobs]
    assert tuple(told) == reply.completions[0].logprobs and told[0].confidence is not None


async def _cut(stream: bytes, places: list[int]) -> AsyncIterator[bytes]:
    edges = [0, *sorted(place % len(stream) for place in places), len(stream)]
    for start, end in itertools.pairwise(edges):
        yield stream[start:end]


@given(st.lists(st.integers(0, 200), max_size=30))
async def test_events_do_not_depend_on_how_the_bytes_were_cut(places: list[int]) -> None:
    assert [data async for data in events(_cut(STREAM, places))] == EXPECTED


async def test_a_last_event_without_its_blank_line_counts() -> None:
    assert [data async for data in events(_cut(b"data: 1\n\ndata: 2", []))] == [b"1", b"2"]


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_sum_to_the_total_and_stay_near_their_proportion(
    total: int, weights: list[int]
) -> None:
    shares = apportion(total, weights)
    whole = sum(weights) or len(weights)
    used = weights if any(weights) else [1] * len(weights)
    assert sum(shares) == total
    assert all(abs(s - total * w / whole) <= 1 for s, w in zip(shares, used, strict=True))


def test_nobody_gets_nothing() -> None:
    assert apportion(5, []) == []
