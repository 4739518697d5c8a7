"""Requests and tokens per minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import combinations_with_replacement
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.errors import UsageError
from tts.executor.limiter import Bucket, RateLimiter

Simulate = Callable[[Coroutine[Any, Any, Any]], Any]


def now() -> float:
    return asyncio.get_running_loop().time()


async def departures(limiter: RateLimiter, calls: list[int]) -> list[tuple[float, int]]:
    """When each call left, in order of leaving."""
    left: list[tuple[float, int]] = []

    async def one(tokens: int) -> None:
        await limiter.acquire(tokens)
        left.append((now(), tokens))

    await asyncio.gather(*(one(tokens) for tokens in calls))
    return left


def test_requests_beyond_a_minutes_worth_leave_at_the_rate(simulate: Simulate) -> None:
    left = simulate(departures(RateLimiter(60, None), [0] * 63))
    assert [round(at, 2) for at, _ in left] == [0.0] * 60 + [1.0, 2.0, 3.0]


def test_tokens_beyond_a_minutes_worth_leave_at_the_rate(simulate: Simulate) -> None:
    left = simulate(departures(RateLimiter(None, 600), [600, 100, 50]))
    assert [round(at, 2) for at, _ in left] == [0.0, 10.0, 15.0]


def test_a_big_call_is_not_overtaken_by_small_ones(simulate: Simulate) -> None:
    left = simulate(departures(RateLimiter(None, 600), [600, 500, 1, 1]))
    assert [tokens for _, tokens in left] == [600, 500, 1, 1]


def test_a_call_bigger_than_a_minute_leaves_a_full_bucket_and_a_debt(simulate: Simulate) -> None:
    left = simulate(departures(RateLimiter(None, 600), [1200, 1]))
    assert [round(at, 1) for at, _ in left] == [0.0, 60.1]


def test_what_was_estimated_too_high_lets_the_next_go_at_once(simulate: Simulate) -> None:
    async def scene() -> float:
        limiter = RateLimiter(None, 600)
        await limiter.acquire(600)
        asyncio.get_running_loop().call_later(2, limiter.settle, 600, 0)
        await limiter.acquire(500)
        return now()

    assert simulate(scene()) == pytest.approx(2.0, abs=0.01)


def test_what_was_estimated_too_low_is_waited_for(simulate: Simulate) -> None:
    async def scene() -> float:
        limiter = RateLimiter(None, 600)
        await limiter.acquire(100)
        limiter.settle(100, 600)
        await limiter.acquire(60)
        return now()

    assert simulate(scene()) == pytest.approx(6.0, abs=0.01)


def test_the_fast_path_waits_behind_the_queue(simulate: Simulate) -> None:
    async def scene() -> None:
        limiter = RateLimiter(None, 600)
        assert limiter.acquire_nowait(500)
        big = asyncio.create_task(limiter.acquire(300))
        await asyncio.sleep(0)
        assert (limiter.acquire_nowait(1), limiter.waiting) == (False, 1)
        await big

    simulate(scene())


def test_a_cancelled_head_makes_way_for_the_next(simulate: Simulate) -> None:
    async def scene() -> float:
        limiter = RateLimiter(None, 600)
        assert limiter.acquire_nowait(600)
        big, small = (asyncio.create_task(limiter.acquire(n)) for n in (600, 10))
        await asyncio.sleep(0)
        big.cancel()
        await small
        return now()

    assert simulate(scene()) == pytest.approx(1.0, abs=0.01)


def test_a_call_cancelled_as_it_is_granted_gives_everything_back(simulate: Simulate) -> None:
    async def scene() -> None:
        limiter = RateLimiter(1, 600)
        assert limiter.acquire_nowait(600)
        task = asyncio.create_task(limiter.acquire(600))
        await asyncio.sleep(59)
        asyncio.get_running_loop().call_at(60, task.cancel)
        await asyncio.sleep(2)
        assert task.cancelled()
        assert limiter.acquire_nowait(600)

    simulate(scene())


def test_waiting_calls_cost_no_polling(simulate: Simulate) -> None:
    readings: list[float] = []

    def watched_clock() -> float:
        readings.append(now())
        return readings[-1]

    simulate(departures(RateLimiter(6, None, clock=watched_clock), [0] * 26))
    assert len(readings) < 150


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_must_be_above_zero(rate: float) -> None:
    with pytest.raises(UsageError, match="above zero"):
        RateLimiter(rate, None)


def test_a_clock_that_steps_back_neither_refills_nor_stalls() -> None:
    bucket = Bucket(60, now=1000.0)
    bucket.take(60)
    assert bucket.wait(1, 10.0) == pytest.approx(1.0)
    assert bucket.wait(1, 11.0) == 0.0
    assert bucket.wait(60, 1e9) == 0.0


CALLS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 40)), min_size=1, max_size=20)


async def arrivals(limiter: RateLimiter, calls: list[tuple[int, int]]) -> list[tuple[float, int]]:
    """When each call left and its number; a call comes some seconds after the one before."""
    left: list[tuple[float, int]] = []

    async def one(number: int, tokens: int) -> None:
        await limiter.acquire(tokens)
        left.append((now(), number))

    async with asyncio.TaskGroup() as group:
        for number, (tokens, pause) in enumerate(calls):
            group.create_task(one(number, tokens))
            await asyncio.sleep(pause)
    return left


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_calls_leave_in_order_and_never_faster_than_the_rate(
    simulate: Simulate, calls: list[tuple[int, int]]
) -> None:
    left = simulate(arrivals(RateLimiter(12, 600), calls))
    assert [number for _, number in left] == list(range(len(calls)))
    for i, j in combinations_with_replacement(range(len(calls)), 2):
        allowed, tokens = 1 + (left[j][0] - left[i][0]) / 60, [n for n, _ in calls[i : j + 1]]
        assert len(tokens) <= 12 * allowed + 1e-3
        assert sum(tokens) <= 600 * allowed + max(0, tokens[-1] - 600) + 1e-3


@settings(max_examples=40, deadline=None)
@given(CALLS)
def test_cancelled_calls_never_hold_the_queue_up(
    simulate: Simulate, calls: list[tuple[int, int]]
) -> None:
    async def scene() -> None:
        limiter, loop = RateLimiter(12, 600), asyncio.get_running_loop()
        tasks = [asyncio.create_task(limiter.acquire(tokens)) for tokens, _ in calls]
        for task, (_, cancel_at) in zip(tasks, calls, strict=True):
            loop.call_at(cancel_at, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        await limiter.acquire(1)
        assert limiter.waiting == 0

    simulate(scene())
