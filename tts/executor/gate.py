"""How many calls are in flight, per pool and in all, and who goes next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf, log2
from typing import Any, Generic, TypeVar

from msgspec import Struct

from tts.executor.circuit import Circuit
from tts.executor.concurrency import Concurrency
from tts.executor.deadlines import Clock, loop_time

LONGEST_PAUSE = 120.0
"""Seconds: a server that asks for more gets its calls refused, not a pool that hangs for hours."""

DOUBLES = 0.25
"""Seconds in which the calls that entered a pool since its pause become twice as many."""

SETTLED = 12
"""Turns of the event loop within which the end of a call has made the calls behind it ready."""

Grant = Callable[[], bool]
"""Takes a slot for whoever waits; False: it is not wanted any more."""

T = TypeVar("T", bound=Hashable)


class PoolStatistics(Struct, frozen=True, kw_only=True):
    """One pool at one moment."""

    in_flight: int
    waiting: int
    limit: int
    paused_s: float
    """Seconds until calls enter again; 0 when it is open."""


class GateStatistics(Struct, frozen=True, kw_only=True):
    """A gate at one moment."""

    in_flight: int
    waiting: int
    limit: int
    pools: Mapping[str, PoolStatistics]


class Gate:
    """Slots for calls, under a limit in all and one per pool.

    Waiters of a pool enter in the order of its `FairQueue`: problems in turn by use, inside a
    problem the smallest priority first. Where the limit in all is what holds several pools back,
    the pool that was served longest ago goes next. A pool that is full or paused holds nobody
    else up. Entering and leaving cost O(log waiting) plus a look at each waiting pool.
    """

    def __init__(
        self,
        limit: int = 512,
        *,
        pools: Mapping[str, Concurrency] | None = None,
        default: Callable[[], Concurrency] | None = None,
        clock: Clock = loop_time,
    ) -> None:
        self.total = Concurrency(limit)
        self.total.watch(self._admit)
        self._default = default or (lambda: Concurrency(limit))
        self._clock = clock
        self._in_flight = 0
        self._turn = 0
        self._planned = 0
        """Waiting calls of plans."""
        self._settling = 0
        """Turns of the loop until free slots are handed out; 0: none is awaited."""
        self._pools: dict[str, PoolState] = {}
        self._waiting: dict[str, PoolState] = {}
        for name, concurrency in (pools or {}).items():
            self._open_pool(name, concurrency)

    def enter_nowait(self, pool: str) -> bool:
        """Take a slot if one is free and nobody waits for that pool; False otherwise."""
        state = self._pool(pool)
        if len(state.queue) or not self._admits(state):
            return False
        self._take(state)
        return True

    async def enter(
        self, pool: str, problem: str, priority: tuple[Any, ...], *, planned: bool = False
    ) -> None:
        """Take a slot, waiting for it in turn; a cancelled waiter leaves nothing behind.

        `planned`: priorities are known paths of a plan, so a free slot waits some turns of the
        loop for the other calls that are ready at this moment, and the longest path gets it.
        """
        if not planned and self.enter_nowait(pool):
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        grant = partial(_granted, granted)
        self._planned += planned
        self.wait(pool, problem, priority, grant)
        if planned:
            self._admit_soon()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.leave(pool)
            else:
                self.withdraw(pool, grant)
            raise
        finally:
            self._planned -= planned

    def wait(self, pool: str, problem: str, priority: tuple[Any, ...], grant: Grant) -> None:
        """Queue for a slot; `grant` is called with it, at once or from somebody's `leave`."""
        state = self._pool(pool)
        state.queue.push(grant, problem=problem, priority=priority)
        self._waiting[pool] = state
        self._arm(state)

    def withdraw(self, pool: str, grant: Grant) -> None:
        """The slot is not wanted any more; nothing happens where it was granted."""
        self._pool(pool).queue.remove(grant)

    def leave(self, pool: str) -> None:
        """Give a slot back; the next waiter has it before this returns, unless calls of a plan wait:
        then the calls that this one makes ready are waited for, see `enter`."""
        state = self._pools[pool]
        if state.in_flight == 0:
            raise RuntimeError(f"Pool {pool!r} was left more often than entered.")
        self._untake(state)
        if self._planned:
            self._admit_soon()
        else:
            self._admit()

    def pause(self, pool: str, seconds: float) -> None:
        """Let no call enter a pool for some seconds, and then ever more of them; a longer pause
        already set stays."""
        state = self._pool(pool)
        state.paused_until = max(state.paused_until, self._clock() + seconds)
        state.entered = 0
        self._arm(state)

    def retune(self, limit: int, pools: Iterable[str]) -> None:
        """Set the limit in all and that of some pools; a smaller one lets running calls end."""
        for pool in pools:
            self._pool(pool).concurrency.retune(limit)
        self.total.retune(limit)

    def succeeded(self, pool: str) -> None:
        """A call of this pool ended well; say so before it leaves."""
        state = self._pool(pool)
        state.concurrency.succeeded(state.in_flight)

    def throttled(self, pool: str, retry_after: float | None = None) -> None:
        """The other side asked this pool to slow down, for some seconds where it said so."""
        self._pool(pool).concurrency.throttled()
        if retry_after:
            self.pause(pool, min(retry_after, LONGEST_PAUSE))

    def failed(self, pool: str) -> None:
        """The other side failed on a call of this pool."""
        self._pool(pool).concurrency.failed()

    def concurrency(self, pool: str) -> Concurrency:
        """The limit of a pool, to be read or resized."""
        return self._pool(pool).concurrency

    def circuit(self, pool: str) -> Circuit:
        """The breaker of a pool, for all who use this gate."""
        state = self._pools.get(pool)
        return state.circuit if state is not None else self._pool(pool).circuit

    def in_flight(self, pool: str) -> int:
        """Calls of a pool that hold a slot."""
        return self._pool(pool).in_flight

    def statistics(self) -> GateStatistics:
        """Slots taken and calls waiting, now."""
        pools = {
            name: PoolStatistics(
                in_flight=state.in_flight,
                waiting=len(state.queue),
                limit=state.concurrency.limit,
                paused_s=state.paused_for(self._clock),
            )
            for name, state in self._pools.items()
        }
        return GateStatistics(
            in_flight=self._in_flight,
            waiting=sum(pool.waiting for pool in pools.values()),
            limit=self.total.limit,
            pools=pools,
        )

    def _pool(self, pool: str) -> PoolState:
        return self._pools.get(pool) or self._open_pool(pool, self._default())

    def _open_pool(self, pool: str, concurrency: Concurrency) -> PoolState:
        state = self._pools[pool] = PoolState(pool, concurrency=concurrency)
        concurrency.watch(self._admit)
        return state

    def _admits(self, state: PoolState) -> bool:
        return self._in_flight < self.total.limit and state.admits(self._clock)

    def _take(self, state: PoolState) -> None:
        self._turn += 1
        state.served_at = self._turn
        state.in_flight += 1
        state.entered += 1
        self._in_flight += 1
        self._arm(state)

    def _untake(self, state: PoolState) -> None:
        state.in_flight -= 1
        self._in_flight -= 1

    def _admit(self) -> None:
        """Hand free slots to waiters until no pool can take one."""
        if not self._waiting:
            return
        while (state := self._next()) is not None:
            grant = state.queue.pop() if len(state.queue) else None
            if not len(state.queue):
                del self._waiting[state.pool]
            if grant is not None:
                self._take(state)
                if not grant():
                    self._untake(state)

    def _next(self) -> PoolState | None:
        """The pool that goes next: of those that can, the one that was served longest ago."""
        if self._in_flight >= self.total.limit:
            return None
        able = [state for state in self._waiting.values() if state.admits(self._clock)]
        if len(able) > 1:
            return min(able, key=lambda state: state.served_at)
        return able[0] if able else None

    def _admit_soon(self) -> None:
        if self._settling == 0:
            self._settling = SETTLED
            asyncio.get_running_loop().call_soon(self._settle)

    def _settle(self) -> None:
        self._settling -= 1
        if self._settling:
            asyncio.get_running_loop().call_soon(self._settle)
        else:
            self._admit()

    def _arm(self, state: PoolState) -> None:
        """Wake a pool when its next call may enter, if anybody waits for that."""
        if state.paused_until == -inf or state.timer is not None or not len(state.queue):
            return
        seconds = state.opens_in(self._clock)
        if seconds > 0:
            loop = asyncio.get_running_loop()
            state.timer = loop.call_later(max(seconds, 0.001), self._resume, state)

    def _resume(self, state: PoolState) -> None:
        state.timer = None
        self._arm(state)
        self._admit()


class PoolState:
    """What a gate keeps of one pool: its limit, its slots in use, its queue, its pause and its circuit."""

    def __init__(self, pool: str, *, concurrency: Concurrency) -> None:
        self.pool = pool
        self.concurrency = concurrency
        self.queue: FairQueue[Grant] = FairQueue()
        self.circuit = Circuit(pool)
        self.in_flight = 0
        self.served_at = 0
        self.entered = 0
        """Calls since the last pause was set."""
        self.paused_until = -inf
        self.timer: asyncio.TimerHandle | None = None

    def admits(self, clock: Clock) -> bool:
        """Whether one more call may enter, as far as this pool is concerned."""
        if self.in_flight >= self.concurrency.limit:
            return False
        return self.paused_until == -inf or not self.opens_in(clock)

    def opens_in(self, clock: Clock) -> float:
        """Seconds until one more call may enter: until a pause ends, and behind it a slow start.

        One call tries whether the other side takes calls again; by `DOUBLES` seconds two, then four,
        512 within 2.3 s, unless a refusal sets the next pause (slow start, Jacobson 1988; by time, as
        refusals come back quickly and answers may take minutes). So of all that wait a few are
        refused again, and not each of them once in every pause.
        """
        if self.paused_until == -inf:
            return 0.0
        due = self.paused_until + DOUBLES * log2(1 + self.entered)
        return max(0.0, due - clock())

    def paused_for(self, clock: Clock) -> float:
        """Seconds until the pause ends; 0 when there is none."""
        return 0.0 if self.paused_until == -inf else max(0.0, self.paused_until - clock())


class FairQueue(Generic[T]):
    """Problems in turn by use; inside one problem the smallest priority, then the oldest.

    Turns are start-time fair queueing (Goyal, Vin and Cheng 1996) with one unit per call: of the
    waiting problems the least served is next, and one that arrives, or comes back after a pause,
    starts level with the problem served last. So it neither waits for the others to use as much
    as they did, nor may catch up on what it never asked for. Every operation is O(log waiting).
    """

    def __init__(self) -> None:
        self._problem_of: dict[T, str] = {}
        self._entries: dict[str, list[tuple[tuple[Any, ...], int, T]]] = {}
        self._turns: list[tuple[int, int, str]] = []
        self._level = 0
        self._ages = count()

    def __len__(self) -> int:
        return len(self._problem_of)

    def push(self, item: T, *, problem: str, priority: tuple[Any, ...]) -> None:
        """Queue an item that was never queued here before."""
        self._problem_of[item] = problem
        if problem not in self._entries:
            self._entries[problem] = []
            heappush(self._turns, (self._level, next(self._ages), problem))
        heappush(self._entries[problem], (priority, next(self._ages), item))

    def pop(self) -> T:
        """Take the item that is next; IndexError when nothing waits."""
        while True:
            self._level, _, problem = heappop(self._turns)
            entries = self._entries[problem]
            while entries and entries[0][2] not in self._problem_of:
                heappop(entries)
            if not entries:
                del self._entries[problem]
                continue
            item = heappop(entries)[2]
            del self._problem_of[item]
            heappush(self._turns, (self._level + 1, next(self._ages), problem))
            return item

    def remove(self, item: T) -> None:
        """Withdraw an item; nothing happens when it is not waiting."""
        problem = self._problem_of.pop(item, None)
        if problem is None:
            return
        entries = self._entries[problem]
        if len(entries) > 64 and len(entries) > 2 * len(self):
            entries[:] = [entry for entry in entries if entry[2] in self._problem_of]
            heapify(entries)


def _granted(waiter: asyncio.Future[None]) -> bool:
    if waiter.done():
        return False
    waiter.set_result(None)
    return True
