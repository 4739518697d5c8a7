"""What only the engine in this process can show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import Any, cast

import pytest

from tts.backends.vllm import VLLMEngine, VLLMGenerator, VLLMHeadReader, vllm_installed
from tts.errors import ContextTooLong
from tts.protocols import GenerateRequest, MarkedRow, Meter

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(
        not vllm_installed(), reason="vLLM is not installed here; `make test-vllm` runs this."
    ),
]
BLOCK = 32
LONGEST = 1000
"""Tokens: what the context has room for."""
ROUND = 28
"""Tokens that a round of a search adds."""


def row(length: int, *, first: int = 0) -> MarkedRow:
    """A text of `length` tokens with a mark at the end of every round."""
    ids = tuple(20 + (first + 7 * at + at // 13) % 90 for at in range(length))
    return MarkedRow(ids, tuple(range(ROUND - 1, length, ROUND)))


def running(generator: VLLMGenerator) -> int:
    """Requests in the batch of the engine's core, as of its last step."""
    assert generator.engine.load is not None
    return generator.engine.load.running


async def until(reached: Callable[[], bool]) -> None:
    """Look until it is so; the time limit of the test is the only one."""
    for _ in count():
        if reached():
            return
        await asyncio.sleep(0.01)


class Endless:
    """The engine, whose draws go on to the last token asked for."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def request(self, ids: Sequence[int], params: Any) -> AbstractAsyncContextManager[Any]:
        params.ignore_eos = True
        return cast(VLLMEngine, self._engine).request(ids, params)


@pytest.fixture
def endless(in_process: VLLMGenerator) -> VLLMGenerator:
    return VLLMGenerator(cast(VLLMEngine, Endless(in_process.engine)))


def numbers(vectors: tuple[tuple[float, ...], ...]) -> list[float]:
    return [one for vector in vectors for one in vector]


async def test_cancelling_gives_the_slots_back(
    endless: VLLMGenerator, ask: Callable[..., GenerateRequest]
) -> None:
    tasks = [
        asyncio.create_task(endless.generate(ask(seed, max_tokens=LONGEST), Meter()))
        for seed in range(50)
    ]
    await until(lambda: running(endless) >= 40)
    for task in tasks[5:]:
        task.cancel()
    await until(lambda: running(endless) <= 5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)


async def test_a_cancelled_draw_says_what_it_had_drawn(
    endless: VLLMGenerator, ask: Callable[..., GenerateRequest]
) -> None:
    meter, load = Meter(), endless.engine.load
    assert load is not None
    await until(lambda: running(endless) == 0)
    before = load.generated_tokens
    request = ask(*range(40), max_tokens=LONGEST)
    task = asyncio.create_task(endless.generate(request, meter))
    await until(lambda: load.generated_tokens > before)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert meter.usage is not None
    assert meter.usage.completion_tokens > 0


async def test_a_prompt_that_was_read_is_cached(
    in_process: VLLMGenerator, ask: Callable[..., GenerateRequest]
) -> None:
    text = "Compute " + " + ".join(map(str, range(200, 260))) + "."
    await in_process.generate(ask(text=text, max_tokens=4), Meter())
    reply = await in_process.generate(ask(text=text, max_tokens=4), Meter())
    assert reply.usage.cached_prompt_tokens >= reply.usage.prompt_tokens - 2 * 128


async def test_new_text_alone_is_read_and_scores_are_the_same(reader: VLLMHeadReader) -> None:
    whole = VLLMHeadReader(reader.engine, incremental=False)
    computed = bound = full = 0
    for length in range(ROUND, ROUND * 15, ROUND):
        reading = await reader.read(row(length))
        expected = await whole.read(row(length))
        assert numbers(reading.vectors) == pytest.approx(numbers(expected.vectors), abs=1e-3)
        computed, full = computed + reading.computed_tokens, full + length
        bound += length - (length - ROUND) // BLOCK * BLOCK
    assert computed <= 1.1 * bound
    assert computed <= 0.35 * full


async def test_a_text_that_was_scored_is_not_read_again(reader: VLLMHeadReader) -> None:
    first = await reader.read(row(100, first=3))
    again = await reader.read(row(100, first=3))
    assert (again.computed_tokens, again.vectors) == (0, first.vectors)


async def test_a_cached_mark_without_a_kept_score_is_read_in_full(reader: VLLMHeadReader) -> None:
    known = await reader.read(row(140, first=5))
    fresh = await VLLMHeadReader(reader.engine).read(row(140, first=5))
    assert numbers(fresh.vectors) == pytest.approx(numbers(known.vectors), abs=1e-3)
    assert fresh.computed_tokens > 140


async def test_siblings_share_what_lies_before_them(reader: VLLMHeadReader) -> None:
    trunk = row(ROUND * 6, first=9)
    await reader.read(trunk)
    branches = [
        MarkedRow((*trunk.ids, *(30 + own,) * ROUND), (*trunk.marks, len(trunk.ids) + ROUND - 1))
        for own in range(4)
    ]
    readings = await asyncio.gather(*(reader.read(branch) for branch in branches))
    assert all(one.computed_tokens < ROUND + BLOCK for one in readings)
    assert len({one.vectors[-1] for one in readings}) == 4


async def test_a_row_beyond_the_context_is_refused(reader: VLLMHeadReader) -> None:
    with pytest.raises(ContextTooLong):
        await reader.read(row(2000))
