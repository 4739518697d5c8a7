"""The problems of a job, dealt out among the processes that work on it."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence

from tts.protocols import Leases

LOOK = 0.5
"""Seconds between two looks at what the other processes of the job do."""
FIRST = 8
"""The part of the open problems that a process takes at once: one in so many."""
GROWTH = 4.0
"""By how much that part grows in a second, so that others who start now find some left."""
GATHERING = 5.0
"""Seconds from the start in which nobody takes more than a fair part of what is open."""

Solve = Callable[[str], Awaitable[None]]
Ended = Callable[[Collection[str]], Awaitable[Collection[str]]]


class Sharing:
    """Works on problems by name, at most `window` at once, each claimed for as long as it is worked
    on. What others hold is waited for: when `run` returns, every problem has been worked on here
    or ended there, unless `over()` said to stop.
    """

    def __init__(
        self, leases: Leases, *, window: int, solve: Solve, ended: Ended, over: Callable[[], bool]
    ) -> None:
        self.leases, self.window = leases, window
        self.elsewhere: set[str] = set()
        """Problems that another process is working on."""
        self._solve, self._ended, self._over = solve, ended, over
        self._waiting: deque[str] = deque()
        self._places: dict[str, int] = {}
        self._running: set[str] = set()
        self._others = 0
        self._changed = asyncio.Event()

    async def run(self, names: Sequence[str]) -> None:
        """Solve what is open, in this order."""
        self._waiting.extend(names)
        self._places = {name: place for place, name in enumerate(names)}
        clock = asyncio.get_running_loop().time
        started = looked = clock()
        await self._look()
        async with asyncio.TaskGroup() as group:
            while self._unended and not self._over():
                if clock() - looked >= LOOK and (self._waiting or self.elsewhere):
                    looked = clock()
                    await self._look()
                await self._open(group, self._room(clock() - started))
                await self._rest()

    @property
    def _unended(self) -> int:
        return len(self._waiting) + len(self.elsewhere) + len(self._running)

    def _room(self, seconds: float) -> int:
        """How many problems may be open here after so many seconds."""
        if seconds >= GATHERING:
            return self.window
        fair = math.ceil(self._unended / (1 + self._others))
        begun = max(1.0, self._unended / FIRST) * GROWTH**seconds
        return min(self.window, fair, int(begun))

    async def _look(self) -> None:
        """See what others have ended, what they hold, and what has become free."""
        self._others, held = await self.leases.others()
        if self.elsewhere:
            self.elsewhere.difference_update(await self._ended(self.elsewhere))
        free = self.elsewhere - held
        taken = held.intersection(self._waiting)
        if free or taken:
            left = [*(free | {*self._waiting} - taken)]
            self._waiting = deque(sorted(left, key=self._places.__getitem__))
            self.elsewhere = (self.elsewhere & held) | taken

    async def _open(self, group: asyncio.TaskGroup, room: int) -> None:
        while self._waiting and len(self._running) < room and not self._over():
            free = min(room - len(self._running), len(self._waiting))
            wanted = [self._waiting.popleft() for _ in range(free)]
            mine = await self.leases.claim(*wanted)
            self.elsewhere.update(name for name in wanted if name not in mine)
            for name in wanted:
                if name in mine:
                    self._running.add(name)
                    group.create_task(self._work(name))

    async def _work(self, name: str) -> None:
        try:
            await self._solve(name)
        finally:
            self._running.discard(name)
            self._changed.set()
        await self.leases.release(name)

    async def _rest(self) -> None:
        """Until something ended here, or it is time to look again."""
        if not self._unended:
            return
        watching = bool(self._waiting or self.elsewhere)
        try:
            async with asyncio.timeout(LOOK if watching else None):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()
