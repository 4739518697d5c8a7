"""First come, first served, where what is waited for comes in blocks."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

N = TypeVar("N")


class Turns(Generic[N]):
    """Base of what is waited for in turn. Who is first makes room, and all whom that suffices for
    leave with it, in one turn of the event loop.

    A lock that each waiter takes in turn would let one go per turn of the loop, so that a queue
    that has once grown long stays long.

    Guarantees: nobody overtakes; one at a time makes room; an error of making room is the error of
    the one who made it, and the next one tries; whoever is cancelled has taken nothing.
    """

    def __init__(self) -> None:
        self._line: deque[tuple[N, asyncio.Future[bool]]] = deque()
        """Who waits. A future brings True to whoever has been served, False to whoever is first."""

    def take(self, needs: N) -> bool:
        """Take what is needed, where it is there."""
        raise NotImplementedError

    def put(self, needs: N) -> None:
        """Give back what was taken for somebody who did not wait for it."""
        raise NotImplementedError

    async def make_room(self, needs: N) -> None:
        """Wait until there may be more."""
        raise NotImplementedError

    @property
    def waiting(self) -> int:
        return len(self._line)

    def in_turn_nowait(self, needs: N) -> bool:
        """Take if nobody waits and it is there."""
        return not self._line and self.take(needs)

    async def in_turn(self, needs: N) -> None:
        """Take, waiting in turn."""
        if self.in_turn_nowait(needs):
            return
        served: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if not self._line:
            served.set_result(False)
        self._line.append((needs, served))
        try:
            done = await served
        except asyncio.CancelledError:
            self._cancelled(needs, served)
            raise
        if not done:
            await self._lead(needs)

    async def _lead(self, needs: N) -> None:
        try:
            await asyncio.sleep(0)  # whoever comes in this turn of the loop is counted in
            while not self.take(needs):
                await self.make_room(needs)
        finally:
            self._line.popleft()
            self._serve()

    def _cancelled(self, needs: N, served: asyncio.Future[bool]) -> None:
        """Somebody leaves the line, or was told something and never heard it."""
        if served.cancelled():
            return  # `_serve` passes over it
        if served.result():
            self.put(needs)
        else:
            self._line.popleft()
        self._serve()

    def _serve(self) -> None:
        """Let all go for whom there is room; the next one makes more."""
        while self._line:
            needs, served = self._line[0]
            if served.done() and not served.cancelled():
                return  # it makes room, or is about to
            if served.cancelled():
                self._line.popleft()
            elif self.take(needs):
                self._line.popleft()
                served.set_result(True)
            else:
                served.set_result(False)
