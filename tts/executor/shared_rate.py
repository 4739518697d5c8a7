"""Requests and tokens per minute of one account that several processes use."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from math import ceil

from msgspec import Struct

from tts.budget import BlockSize, Told, Turns
from tts.executor.deadlines import Clock, loop_time
from tts.protocols import Abort, RateWindows
from tts.values import Dimension

MARGIN = 0.05
"""Seconds before a lease ends from which on nothing leaves: on the wire it would be too late."""

SAME = 0.02
"""Seconds: ends closer than this are one window's end, as two clocks tell it."""

MINUTE = 60.0
"""Seconds for which a provider remembers what was used."""


class Room(Struct):
    """Leased calls and tokens, good from `opens` to `ends` of the loop's clock."""

    opens: float
    ends: float
    amounts: dict[Dimension, int]


class SharedRate(Turns[Mapping[Dimension, int]]):
    """A `RateLimit` that leases blocks of the common rate and reserves inside them in memory.

    Calls of this process leave strictly first-in-first-out. Tokens that a call did not use come
    back to this process while the minute in which they were taken lasts.
    """

    def __init__(
        self,
        name: str,
        rates: Mapping[Dimension, float],
        windows: RateWindows,
        *,
        clock: Clock = loop_time,
    ) -> None:
        super().__init__()
        self.name, self.windows, self._clock = name, windows, clock
        self.rates: Mapping[Dimension, float] = rates
        self._rooms: list[Room] = []
        """The one that ends first stands first."""
        self._block = BlockSize(clock)
        self._returned = asyncio.Event()
        self._grid = (0.0, MINUTE)
        """The end of a window, and the length of all."""
        self._taken: deque[tuple[float, int]] = deque()
        self._recent = 0
        """The sum of `_taken`."""

    def retune(self, rates: Mapping[Dimension, float]) -> None:
        """Other rates, or rates of more dimensions, for what is leased from here on."""
        self.rates = {**self.rates, **rates}

    def acquire_nowait(self, tokens: int) -> bool:
        """Reserve a call and an estimate of its tokens if nobody waits and both were leased."""
        return self.in_turn_nowait(self._least(tokens))

    async def acquire(self, tokens: int) -> None:
        """Reserve a call and an estimate of its tokens, waiting in turn; cancelled, take nothing."""
        await self.in_turn(self._least(tokens))

    def acquire_then(self, tokens: int, told: Told) -> Abort:
        """The same by a callback; returns what leaves the line."""
        return partial(self.withdraw, self.wait(self._least(tokens), told))

    def settle(self, estimated: int, actual: int) -> None:
        """Replace an estimate by what the call really used; the call itself stays used."""
        if "tokens" not in self.rates:
            return
        now = self._clock()
        back = min(estimated - actual, self._lately(now))
        if not back:
            return
        self._give(Room(now, self._end_of_window(now), {"tokens": back}))
        self._returned.set()

    def _end_of_window(self, now: float) -> float:
        end, length = self._grid
        if now > end:
            end += ceil((now - end) / length) * length
        return end - MARGIN

    def _next_block(self) -> int:
        return max(self._block.next(), self.waiting)

    def _least(self, tokens: int) -> dict[Dimension, int]:
        return {name: tokens if name == "tokens" else 1 for name in self.rates}

    def _give(self, more: Room) -> None:
        """Rooms that end together are one, so that they stay few however many calls settle."""
        for room in self._rooms:
            if abs(room.ends - more.ends) < SAME and room.opens <= more.opens:
                room.ends = min(room.ends, more.ends)
                for name, amount in more.amounts.items():
                    room.amounts[name] = room.amounts.get(name, 0) + amount
                return
        insort(self._rooms, more, key=lambda room: room.ends)

    def _lately(self, now: float) -> int:
        """Tokens taken within the last minute."""
        since = now - MINUTE
        while self._taken and self._taken[0][0] < since:
            self._recent -= self._taken.popleft()[1]
        return self._recent

    def take(self, least: Mapping[Dimension, int]) -> bool:
        """Take from the rooms that are open, the one that ends first before the others."""
        now = self._clock()
        while self._rooms and self._rooms[0].ends <= now:
            self._rooms.pop(0)
        if self._rooms and self._rooms[0].opens <= now and _emptied_one(self._rooms[0], least):
            self._note(now, least)
            return True
        rooms = [room for room in self._rooms if room.opens <= now]
        if not rooms or not _emptied(rooms, least):
            return False
        self._note(now, least)
        return True

    def put(self, least: Mapping[Dimension, int]) -> None:
        """Nothing was sent after all."""
        now = self._clock()
        self._give(Room(now, self._end_of_window(now), dict(least)))

    def _note(self, now: float, least: Mapping[Dimension, int]) -> None:
        tokens = least.get("tokens", 0)
        self._recent += tokens
        if self._taken and now - self._taken[-1][0] < SAME:
            now, before = self._taken.pop()
            tokens += before
        self._taken.append((now, tokens))

    async def make_room(self, least: Mapping[Dimension, int]) -> None:
        """Wait for a lease that is not open yet, or lease and wait until that is open."""
        asked = self._clock()
        later = min((room.opens for room in self._rooms if room.opens > asked), default=None)
        if later is None:
            lease = await self.windows.lease(self.name, self.rates, least, most=self._next_block())
            later = self._clock() + lease.opens_s if lease.opens_s else asked
            self._grid = (asked + lease.ends_s, lease.window_s)
            if lease.amounts:
                ends = asked + lease.ends_s - MARGIN
                self._give(Room(later, ends, dict(lease.amounts)))
        self._returned.clear()
        if later > self._clock():
            with suppress(TimeoutError):
                # A loop fires up to its clock's resolution early; the floor keeps that from spinning.
                async with asyncio.timeout(max(later - self._clock(), 0.001)):
                    await self._returned.wait()


def _emptied_one(room: Room, least: Mapping[Dimension, int]) -> bool:
    """The common case of `_emptied`: one room holds all of it."""
    amounts = room.amounts
    for name, need in least.items():
        if need > amounts.get(name, 0):
            return False
    for name, need in least.items():
        amounts[name] -= need
    return True


def _emptied(rooms: Sequence[Room], least: Mapping[Dimension, int]) -> bool:
    """Take all of it from the rooms in their order, or nothing where it is not there."""
    for name, need in least.items():
        if need > sum(room.amounts.get(name, 0) for room in rooms):
            return False
    for name, need in least.items():
        for room in rooms:
            part = min(need, room.amounts.get(name, 0))
            room.amounts[name] = room.amounts.get(name, 0) - part
            need -= part
    return True
