from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from math import log2
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.executor.concurrency import Concurrency
from tts.executor.gate import DOUBLES, LONGEST_PAUSE, FairQueue, Gate

Simulate = Callable[[Coroutine[Any, Any, Any]], Any]


def two_pools(*, a: int = 2, b: int = 2, limit: int = 3) -> Gate:
    return Gate(limit, pools={"a": Concurrency(a), "b": Concurrency(b)})


async def settle_loop() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def queued(
    gate: Gate, rows: list[tuple[str, str, int]]
) -> tuple[list[str], list[asyncio.Task[None]]]:
    """Tasks waiting for a full gate; the list fills with what enters, as it enters."""
    entered: list[str] = []

    async def one(pool: str, problem: str, priority: int) -> None:
        await gate.enter(pool, problem, (priority,))
        entered.append(f"{pool}:{problem}{priority}")

    tasks = [asyncio.create_task(one(*row)) for row in rows]
    await settle_loop()
    return entered, tasks


async def test_a_free_slot_is_taken_without_waiting() -> None:
    gate = Gate(2)
    assert [gate.enter_nowait("m") for _ in range(3)] == [True, True, False]
    gate.leave("m")
    assert gate.enter_nowait("m")


async def test_nobody_overtakes_a_waiter_of_the_same_pool() -> None:
    gate = two_pools(a=1)
    assert gate.enter_nowait("a")
    _, tasks = await queued(gate, [("a", "p", 0)])
    gate.leave("a")
    assert not gate.enter_nowait("a")
    await asyncio.gather(*tasks)


async def test_a_full_pool_holds_no_other_pool_up() -> None:
    gate = two_pools(a=1)
    assert gate.enter_nowait("a")
    _, tasks = await queued(gate, [("a", "p", 0)])
    assert gate.enter_nowait("b")
    gate.leave("a")
    await asyncio.gather(*tasks)


async def test_waiters_enter_by_problem_in_turn_and_by_priority_inside() -> None:
    gate = Gate(1)
    assert gate.enter_nowait("m")
    rows = [("m", "p", 2), ("m", "p", 1), ("m", "q", 5), ("m", "q", 4)]
    entered, tasks = await queued(gate, rows)
    for _ in rows:
        gate.leave("m")
        await settle_loop()
    assert entered == ["m:p1", "m:q4", "m:p2", "m:q5"]
    await asyncio.gather(*tasks)


async def test_where_the_limit_in_all_binds_pools_take_turns() -> None:
    gate = two_pools(limit=1)
    assert gate.enter_nowait("a")
    rows = [("a", "p", 0), ("a", "p", 1), ("b", "p", 0), ("b", "p", 1)]
    entered, tasks = await queued(gate, rows)
    for pool in ("a", "b", "a", "b"):
        gate.leave(pool)
        await settle_loop()
    assert entered == ["b:p0", "a:p0", "b:p1", "a:p1"]
    await asyncio.gather(*tasks)


async def test_a_cancelled_waiter_frees_its_place() -> None:
    gate = Gate(1)
    assert gate.enter_nowait("m")
    entered, tasks = await queued(gate, [("m", "p", 0), ("m", "p", 1)])
    tasks[0].cancel()
    await settle_loop()
    assert gate.statistics().waiting == 1
    gate.leave("m")
    await tasks[1]
    assert entered == ["m:p1"]


async def test_a_slot_granted_at_the_moment_of_cancellation_is_handed_on() -> None:
    gate = Gate(1)
    assert gate.enter_nowait("m")
    entered, tasks = await queued(gate, [("m", "p", 0), ("m", "p", 1)])
    gate.leave("m")
    tasks[0].cancel()
    await tasks[1]
    assert entered == ["m:p1"]
    assert gate.in_flight("m") == 1


async def test_a_slot_freed_after_the_cancellation_passes_the_cancelled_waiter_by() -> None:
    gate = Gate(1)
    assert gate.enter_nowait("m")
    entered, tasks = await queued(gate, [("m", "p", 0), ("m", "p", 1)])
    tasks[0].cancel()
    gate.leave("m")
    await tasks[1]
    assert entered == ["m:p1"]
    assert gate.statistics().in_flight == 1


async def test_a_growing_limit_wakes_waiters() -> None:
    gate = two_pools(a=1)
    assert gate.enter_nowait("a")
    entered, tasks = await queued(gate, [("a", "p", 0), ("a", "p", 1)])
    gate.concurrency("a").resize(2)
    await settle_loop()
    assert entered == ["a:p0"]
    gate.concurrency("a").resize(3)
    await asyncio.gather(*tasks)


async def test_a_growing_limit_in_all_wakes_waiters() -> None:
    gate = Gate(1, default=lambda: Concurrency(8))
    assert gate.enter_nowait("m")
    entered, tasks = await queued(gate, [("m", "p", 0)])
    gate.total.resize(2)
    await asyncio.gather(*tasks)
    assert entered == ["m:p0"]


async def test_a_shrunk_limit_admits_nobody_until_enough_have_left() -> None:
    gate = two_pools(a=2)
    assert gate.enter_nowait("a") and gate.enter_nowait("a")
    gate.concurrency("a").resize(1)
    gate.leave("a")
    assert not gate.enter_nowait("a")
    gate.leave("a")
    assert gate.enter_nowait("a")


def test_a_paused_pool_opens_when_its_pause_ends(simulate: Simulate) -> None:
    async def scene() -> float:
        gate = two_pools()
        gate.pause("a", 7.0)
        gate.pause("a", 2.0)
        assert not gate.enter_nowait("a")
        assert gate.enter_nowait("b")
        await gate.enter("a", "p", (0,))
        return asyncio.get_running_loop().time()

    assert simulate(scene()) == pytest.approx(7.0, abs=0.01)


def test_a_pause_made_longer_while_calls_wait_is_kept(simulate: Simulate) -> None:
    async def scene() -> float:
        gate = Gate(4)
        gate.pause("m", 1.0)
        asyncio.get_running_loop().call_later(0.5, gate.pause, "m", 9.0)
        await gate.enter("m", "p", (0,))
        return asyncio.get_running_loop().time()

    assert simulate(scene()) == pytest.approx(9.5, abs=0.01)


def test_after_a_pause_one_call_tries_and_then_ever_more_enter(simulate: Simulate) -> None:
    async def scene() -> list[float]:
        gate, entered = Gate(8), []

        async def one(place: int) -> None:
            await gate.enter("m", "p", (place,))
            entered.append(asyncio.get_running_loop().time())

        gate.pause("m", 1.0)
        await asyncio.gather(*map(one, range(8)))
        return entered

    due = [
        1 + DOUBLES * doublings for doublings in (0, 1, log2(3), 2, log2(5), log2(6), log2(7), 3)
    ]
    assert simulate(scene()) == pytest.approx(due, abs=0.01)


def test_a_slot_that_is_left_during_a_slow_start_strands_nobody(simulate: Simulate) -> None:
    async def scene() -> float:
        gate = Gate(2)

        async def one(place: int) -> None:
            await gate.enter("m", "p", (place,))
            await asyncio.sleep(0.3)
            gate.leave("m")

        gate.pause("m", 1.0)
        await asyncio.gather(*map(one, range(16)))
        return asyncio.get_running_loop().time()

    assert simulate(scene()) < 1 + 16 * 0.3


def test_retry_after_pauses_its_pool_but_never_for_hours(simulate: Simulate) -> None:
    async def scene() -> float:
        gate = Gate(4)
        gate.throttled("m", 86_400.0)
        return gate.statistics().pools["m"].paused_s

    assert simulate(scene()) == LONGEST_PAUSE


async def test_statistics_tell_slots_and_waiters_per_pool() -> None:
    gate = two_pools(a=1)
    assert gate.enter_nowait("a") and gate.enter_nowait("b")
    _, tasks = await queued(gate, [("a", "p", 0)])
    seen = gate.statistics()
    assert (seen.in_flight, seen.waiting, seen.limit) == (2, 1, 3)
    assert (seen.pools["a"].in_flight, seen.pools["a"].waiting) == (1, 1)
    gate.leave("a")
    await asyncio.gather(*tasks)


async def test_leaving_more_often_than_entering_is_a_bug() -> None:
    gate = Gate(1)
    assert gate.enter_nowait("m")
    gate.leave("m")
    with pytest.raises(RuntimeError, match="more often"):
        gate.leave("m")


def test_ten_thousand_waiters_pass_quickly(simulate: Simulate) -> None:
    async def scene() -> int:
        gate = Gate(64)

        async def one(i: int) -> None:
            await gate.enter("m", f"p{i % 50}", (i % 7, i))
            await asyncio.sleep(0.001)
            gate.leave("m")

        await asyncio.gather(*(one(i) for i in range(10_000)))
        return gate.statistics().in_flight

    assert simulate(scene()) == 0


class Watched:
    """Random calls through a gate, each checked against the limits as it enters."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside = {"a": 0, "b": 0}

    async def call(self, pool: str, problem: str, seconds: int) -> None:
        await self.gate.enter(pool, problem, (seconds,))
        self.inside[pool] += 1
        assert self.inside[pool] <= self.gate.concurrency(pool).limit
        assert sum(self.inside.values()) <= self.gate.total.limit
        assert self.gate.statistics().pools[pool].paused_s == 0
        try:
            await asyncio.sleep(seconds)
        finally:
            self.inside[pool] -= 1
            self.gate.leave(pool)

    async def run(self, calls: list[Call], pauses: list[tuple[str, int, int]]) -> None:
        """Cancels fall on whole seconds, when calls end too; pauses begin at .5, end at .8."""
        loop = asyncio.get_running_loop()
        for pool, start, seconds in pauses:
            loop.call_at(start + 0.5, self.gate.pause, pool, seconds + 0.3)
        tasks = [asyncio.create_task(self.call(*row[:3])) for row in calls]
        for task, (*_, cancel_at) in zip(tasks, calls, strict=True):
            if cancel_at is not None:
                loop.call_at(cancel_at, task.cancel)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)
        assert (self.gate.statistics().in_flight, self.gate.statistics().waiting) == (0, 0)


Call = tuple[str, str, int, int | None]
POOLS, SECONDS = st.sampled_from("ab"), st.integers(0, 8)
CALLS = st.tuples(POOLS, st.sampled_from("pq"), st.integers(0, 3), SECONDS | st.none())
LIMITS = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(CALLS, max_size=25), st.lists(st.tuples(POOLS, SECONDS, SECONDS), max_size=3), LIMITS
)
def test_no_limit_is_passed_and_no_slot_lost_under_random_cancels(
    simulate: Simulate,
    calls: list[Call],
    pauses: list[tuple[str, int, int]],
    limits: tuple[int, int, int],
) -> None:
    gate = two_pools(a=limits[0], b=limits[1], limit=limits[2])
    simulate(Watched(gate).run(calls, pauses))


def queue_of(rows: list[tuple[str, int, str]]) -> FairQueue[str]:
    queue: FairQueue[str] = FairQueue()
    for problem, priority, item in rows:
        queue.push(item, problem=problem, priority=(priority,))
    return queue


def drain(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def test_problems_take_turns() -> None:
    rows = [("p", i, f"p{i}") for i in range(3)] + [("q", i, f"q{i}") for i in range(3)]
    assert drain(queue_of(rows)) == ["p0", "q0", "p1", "q1", "p2", "q2"]


def test_inside_a_problem_the_smallest_priority_is_next_and_equals_by_age() -> None:
    rows = [("p", 2, "late"), ("p", 1, "first"), ("p", 1, "second"), ("p", 0, "urgent")]
    assert drain(queue_of(rows)) == ["urgent", "first", "second", "late"]


def test_a_newcomer_goes_before_the_next_turn_of_those_just_served() -> None:
    queue = queue_of([("old", i, f"o{i}") for i in range(8)])
    served = [queue.pop() for _ in range(4)]
    queue.push("n0", problem="new", priority=(9,))
    assert [*served, queue.pop(), queue.pop()] == ["o0", "o1", "o2", "o3", "n0", "o4"]


def test_a_newcomer_may_not_catch_up_on_what_others_used_before() -> None:
    queue = queue_of([("old", i, f"o{i}") for i in range(8)])
    for _ in range(4):
        queue.pop()
    for i in range(4):
        queue.push(f"n{i}", problem="new", priority=(i,))
    assert drain(queue) == ["n0", "o4", "n1", "o5", "n2", "o6", "n3", "o7"]


def test_a_withdrawn_item_is_never_next() -> None:
    queue = queue_of([("p", i, f"p{i}") for i in range(200)])
    for i in range(199):
        queue.remove(f"p{i}")
    queue.remove("p0")
    assert len(queue) == 1
    assert drain(queue) == ["p199"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=40))
def test_everything_queued_comes_out_once(rows: list[tuple[str, int]]) -> None:
    queue = queue_of([(problem, key, str(i)) for i, (problem, key) in enumerate(rows)])
    assert sorted(drain(queue), key=int) == [str(i) for i in range(len(rows))]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(0, 40))
def test_while_two_problems_wait_their_turns_differ_by_one_at_most(
    problems: list[str], taken: int
) -> None:
    queue = queue_of([(problem, i, f"{problem}{i}") for i, problem in enumerate(problems)])
    served = [queue.pop()[0] for _ in range(min(taken, len(problems)))]
    waiting = {p for p in "abc" if problems.count(p) > served.count(p)}
    turns = [served.count(p) for p in waiting]
    assert not turns or max(turns) - min(turns) <= 1
