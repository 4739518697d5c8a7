"""A breaker between one pool and a server that cannot be reached."""

from __future__ import annotations

import asyncio
import logging
from typing import Literal, NamedTuple

from tts.errors import CallError, NotSent
from tts.executor.deadlines import Clock, loop_time

LOG = logging.getLogger("tts")
FIRST, LONGEST = 0.25, 5.0
"""Seconds before the first trial; each later one waits twice as long, at most `LONGEST`."""
MOST = 16
"""Failures in a row, without one answer, that count as an outage although calls could be sent."""
SAID_AFTER = 2.0
"""Seconds after which an outage is told."""


class Patience(NamedTuple):
    """Seconds for which an open circuit is waited for."""

    reached: float
    """Where the other side has answered before."""
    unreached: float
    """Where it never has."""


Passage = Literal["free", "trial"]
"""A call that enters a closed circuit, or the one that tries whether an open one may be closed."""


class Circuit:
    """Open while the other side is out of reach (circuit breaker, Nygard 2007).

    It opens with the first call that could not be sent, or with the `MOST`th failure in a row. Then
    one call at a time tries, by exponential waits, and all others wait for what becomes of it; an
    answer of any kind, a refusal included, closes the circuit. So the whole pool makes a few
    attempts in the time in which each call would have used up its own retries. Once patience ends,
    which is short where nothing was ever reached, those who wait fail; later calls fail at once, but
    for the one whose trial is due.
    """

    def __init__(self, pool: str, *, clock: Clock = loop_time) -> None:
        self.pool, self._clock = pool, clock
        self.error: CallError | None = None
        """What the last trial met; None: the circuit is closed."""
        self._reached = False
        """Whether a connection was ever made."""
        self._failures = 0
        self._opened = self._next = 0.0
        self._wait = FIRST
        self._trying = False
        self._waiters: set[asyncio.Future[None]] = set()
        self._notice: asyncio.TimerHandle | None = None

    async def enter(self, patience: Patience) -> Passage:
        """Pass, at once where it is closed; raises what the last trial met once patience ends."""
        while self.error is not None:
            now, end = self._clock(), self._end(patience)
            if not self._trying and now >= self._next:
                self._trying = True
                return "trial"
            if now >= end:
                raise NotSent(f"out of reach: {self.error}")
            await self._changed(min(end, end if self._trying else self._next) - now)
        return "free"

    def waits(self, patience: Patience) -> bool:
        """Whether it is open, and calls wait for it."""
        return self.error is not None and self._clock() < self._end(patience)

    def _end(self, patience: Patience) -> float:
        return self._opened + (patience.reached if self._reached else patience.unreached)

    def given_up(self, patience: Patience) -> bool:
        """Whether it is open, and calls wait no longer."""
        return self.error is not None and not self.waits(patience)

    def holds_back(self, passage: Passage) -> bool:
        """Whether it opened since a call entered, which must not be sent now."""
        return self.error is not None and passage == "free"

    def leave(self, passage: Passage) -> None:
        """The call has ended, however it did; another one may try."""
        if passage == "trial" and self._trying:
            self._trying = False
            self._wake()

    def answered(self, passage: Passage, begun: float) -> None:
        """An attempt that began at `begun` (seconds of the loop's clock) reached the other side."""
        self._failures, self._reached = 0, True
        if self.error is None or (passage == "free" and begun <= self._opened):
            return
        if self._notice is None:
            LOG.warning("%s is reached again.", self.pool)
        self._close()

    def failed(self, error: CallError, passage: Passage) -> None:
        """An attempt did not reach the other side, or the other side failed."""
        self._failures += 1
        self._reached = self._reached or not isinstance(error, NotSent)
        now = self._clock()
        if passage == "trial":
            self._wait = min(LONGEST, 2 * self._wait)
            self.error, self._next = error, now + self._wait
        elif self.error is None and (isinstance(error, NotSent) or self._failures >= MOST):
            self.error, self._opened, self._next = error, now, now + FIRST
            self._notice = asyncio.get_running_loop().call_later(SAID_AFTER, self._tell)

    def _close(self) -> None:
        self.error, self._wait = None, FIRST
        if self._notice is not None:
            self._notice.cancel()
        self._notice = None
        self._wake()

    def _tell(self) -> None:
        self._notice = None
        LOG.warning(
            "%s cannot be reached: %s. Calls wait, and one of them tries again every few seconds.",
            self.pool,
            str(self.error).rstrip("."),
        )

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _changed(self, seconds: float) -> None:
        """Until the next change, or for so many seconds."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.add(waiter)
        timer = loop.call_later(max(seconds, 0.001), _end, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)


def _end(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
