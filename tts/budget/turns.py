"""First come, first served, where what is waited for comes in blocks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

N = TypeVar("N")

Told = Callable[[Exception | None], bool]
"""Told once that what was needed has been taken, or why it never will be; False: nobody wants it
any more."""


class Waiter(Generic[N]):
    """A place in the line."""

    __slots__ = ("needs", "told")

    def __init__(self, needs: N, told: Told) -> None:
        self.needs = needs
        self.told: Told | None = told
        """None: it has been told, or has left."""


class Turns(Generic[N]):
    """Base of what is waited for in turn. One task makes room for whoever is first, and all whom
    that suffices for leave with it, in one turn of the event loop.

    A lock that each waiter takes in turn would let one go per turn of the loop, so that a line that
    has once grown long stays long.

    Guarantees: nobody overtakes; one at a time makes room; an error of making room is that of the
    one it was made for, and the next one tries; whoever leaves has taken nothing.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._waking = 0
        """Coroutines that were told and have not gone on yet: they go before newcomers."""
        self._line: deque[Waiter[N]] = deque()
        self._maker: asyncio.Task[None] | None = None

    def take(self, needs: N, /) -> bool:
        """Take what is needed, where it is there."""
        raise NotImplementedError

    def put(self, needs: N, /) -> None:
        """Give back what was taken for somebody who did not wait for it."""
        raise NotImplementedError

    async def make_room(self, needs: N, /) -> None:
        """Wait until there may be more."""
        raise NotImplementedError

    def in_turn_nowait(self, needs: N) -> bool:
        """Take if nobody waits and it is there."""
        return not (self.waiting or self._waking) and self.take(needs)

    async def in_turn(self, needs: N) -> None:
        """Take, waiting in turn."""
        if self.in_turn_nowait(needs):
            return
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = self.wait(needs, partial(self._wake, taken))
        try:
            await taken
        except asyncio.CancelledError:
            if taken.cancelled():
                self.withdraw(waiter)
            elif taken.exception() is None:
                self.put(needs)
            raise
        finally:
            self._waking -= taken.done() and not taken.cancelled()

    def wait(self, needs: N, told: Told) -> Waiter[N]:
        """Stand in line; `told` is called from the event loop, not before this has returned."""
        waiter = Waiter(needs, told)
        self._line.append(waiter)
        self.waiting += 1
        if self._maker is None:
            self._maker = asyncio.get_running_loop().create_task(self._make())
        return waiter

    def withdraw(self, waiter: Waiter[N]) -> None:
        """Leave the line; nothing happens where it was told already."""
        if waiter.told is None:
            return
        waiter.told = None
        self.waiting -= 1
        if not self.waiting and self._maker is not None:
            self._maker.cancel()
            self._maker = None
            self._line.clear()

    async def _make(self) -> None:
        await asyncio.sleep(0)  # whoever comes in this turn of the loop is counted in
        while (first := self._serve()) is not None:
            try:
                await self.make_room(first.needs)
            except Exception as error:  # noqa: BLE001 — it is the error of whoever waits
                self._tell(first, error)
        self._maker = None

    def _serve(self) -> Waiter[N] | None:
        """Let all go for whom there is room; returns who is first then."""
        while self._line:
            first = self._line[0]
            if first.told is None:
                self._line.popleft()
            elif self.take(first.needs):
                self._line.popleft()
                if not self._tell(first, None):
                    self.put(first.needs)
            else:
                return first
        return None

    def _tell(self, waiter: Waiter[N], error: Exception | None) -> bool:
        told, waiter.told = waiter.told, None
        if told is None:
            return False
        self.waiting -= 1
        return told(error)

    def _wake(self, taken: asyncio.Future[None], error: Exception | None) -> bool:
        if taken.done():
            return False
        self._waking += 1
        if error is None:
            taken.set_result(None)
        else:
            taken.set_exception(error)
        return True
