from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.eval.bench.simulation import simulated
from tts.executor.deadlines import loop_time
from tts.executor.shared_rate import SharedRate
from tts.ledger import MemoryRateWindows
from tts.ledger.rate_windows import SECONDS, allowance

CALLS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 50)), min_size=1, max_size=40)
"""Of one process: tokens of a call, and tenths of seconds since the one before."""


async def departures(
    rates: Any, processes: list[list[tuple[int, int]]]
) -> tuple[list[list[int]], list[tuple[float, int]]]:
    """Per process the calls in order of leaving; in all when each left, with its tokens."""
    windows = MemoryRateWindows(loop_time, processes=len(processes))
    orders: list[list[int]] = [[] for _ in processes]
    left: list[tuple[float, int]] = []

    async def call(limiter: SharedRate, process: int, number: int, tokens: int) -> None:
        await limiter.acquire(tokens)
        orders[process].append(number)
        left.append((loop_time(), tokens))

    async def process(number: int, calls: list[tuple[int, int]]) -> None:
        limiter = SharedRate("account", rates, windows)
        async with asyncio.TaskGroup() as group:
            for at, (tokens, pause) in enumerate(calls):
                await asyncio.sleep(pause / 10)
                group.create_task(call(limiter, number, at, tokens))

    await asyncio.gather(*[process(i, calls) for i, calls in enumerate(processes)])
    return orders, left


@settings(max_examples=200)
@given(processes=st.lists(CALLS, min_size=1, max_size=5))
def test_together_processes_stay_within_every_window_and_each_leaves_in_order(
    processes: list[list[tuple[int, int]]],
) -> None:
    rates = {"calls": 240.0, "tokens": 2880.0}
    orders, left = simulated(departures(rates, processes))
    assert [sorted(order) for order in orders] == orders
    assert [len(order) for order in orders] == [len(calls) for calls in processes]
    calls, tokens = Counter[int](), Counter[int]()
    for at, size in left:
        calls[int(at // SECONDS)] += 1
        tokens[int(at // SECONDS)] += size
    assert all(n <= allowance(240.0, window) for window, n in calls.items())
    assert all(n <= allowance(2880.0, window) for window, n in tokens.items())


@settings(max_examples=50)
@given(sizes=st.lists(st.integers(100, 400), min_size=4, max_size=30))
def test_large_calls_collect_from_several_windows_and_hardly_anything_is_left(
    sizes: list[int],
) -> None:
    _, left = simulated(departures({"tokens": 1200.0}, [[(size, 0) for size in sizes]]))
    assert left[-1][0] <= sum(sizes) / 20 + SECONDS
    for at, _ in left:
        gone = sum(tokens for when, tokens in left if when <= at)
        assert gone <= (at // SECONDS + 1) * 100


@given(rate=st.floats(0.01, 1e6), start=st.integers(0, 10**9), windows=st.integers(1, 300))
def test_the_windows_of_a_span_hold_its_part_of_the_minute(
    rate: float, start: int, windows: int
) -> None:
    whole = sum(allowance(rate, window) for window in range(start, start + windows))
    assert whole == pytest.approx(rate * SECONDS / 60 * windows, abs=1.01, rel=1e-6)


def test_unused_tokens_come_back_within_the_minute_and_not_later() -> None:
    async def wait_after(pause: float) -> float:
        limiter = SharedRate("account", {"tokens": 1200.0}, MemoryRateWindows(loop_time))
        await limiter.acquire(100)
        await asyncio.sleep(pause)
        limiter.settle(100, 0)
        asked = loop_time()
        await limiter.acquire(99)
        await limiter.acquire(99)
        return loop_time() - asked

    assert simulated(wait_after(6.0)) == 0.0
    assert simulated(wait_after(66.0)) > 0.0


def test_a_cancelled_call_leaves_its_lease_to_the_next() -> None:
    async def scenario() -> float:
        limiter = SharedRate("account", {"tokens": 1200.0}, MemoryRateWindows(loop_time))
        await limiter.acquire(60)
        large = asyncio.create_task(limiter.acquire(100))
        await asyncio.sleep(1)
        large.cancel()
        await limiter.acquire(100)
        return loop_time()

    assert simulated(scenario()) == SECONDS


def test_a_slow_rate_lets_one_call_go_at_a_time() -> None:
    _, left = simulated(departures({"calls": 6.0}, [[(0, 0)] * 3, [(0, 0)] * 3]))
    times = sorted(at for at, _ in left)
    assert all(later - earlier >= 10 for earlier, later in pairwise(times))
    assert times[-1] <= 70
