"""How many calls one pool may have in flight: a fixed limit, or one that learns."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

from tts.errors import UsageError
from tts.executor.deadlines import Clock


class Concurrency:
    """A fixed limit; changing it is seen by every gate that watches it."""

    def __init__(self, limit: int) -> None:
        self._limit = _positive(limit)
        self._watchers: list[Callable[[], None]] = []

    @property
    def limit(self) -> int:
        """Calls that may be in flight together."""
        return self._limit

    def resize(self, limit: int) -> None:
        """Set the limit; a smaller one lets running calls end and admits none meanwhile."""
        grown = _positive(limit) > self._limit
        self._limit = limit
        if grown:
            for watcher in self._watchers:
                watcher()

    def retune(self, limit: int) -> None:
        """What the user asks for has changed while calls are in flight."""
        self.resize(limit)

    def watch(self, grown: Callable[[], None]) -> None:
        """Call `grown` after each increase of the limit."""
        self._watchers.append(grown)

    def succeeded(self, in_flight: int) -> None:
        """A call ended well while `in_flight` calls, itself included, were open."""

    def throttled(self) -> None:
        """The other side asked us to slow down (429)."""

    def failed(self) -> None:
        """The other side failed (5xx, reset, time-out)."""


def _positive(limit: int) -> int:
    if limit < 1:
        raise UsageError(f"A concurrency limit must be at least 1, not {limit}.")
    return limit


class AdaptiveConcurrency(Concurrency):
    """Additive increase, multiplicative decrease (Chiu and Jain 1989; slow start: Jacobson 1988).

    A 429 shrinks the limit to four fifths, at most once per cooldown, because one overload is
    answered by a burst of them. Until the first 429 each success at the limit adds one, which
    doubles it per round trip; afterwards a whole limit of successes adds one. It grows only when
    it was reached, and not within a cooldown (seconds) of a 429 or a failure.
    """

    def __init__(
        self,
        minimum: int = 1,
        *,
        start: int = 16,
        maximum: int = 512,
        cooldown: float = 5.0,
        clock: Clock = time.monotonic,
    ) -> None:
        start = min(start, maximum)
        if not 1 <= minimum <= start:
            raise UsageError(
                "An adaptive limit needs 1 ≤ minimum ≤ start and maximum, "
                f"not {minimum}, {start}, {maximum}."
            )
        super().__init__(start)
        self.minimum, self.maximum, self.cooldown = minimum, maximum, cooldown
        self._clock = clock
        self._successes = 0
        self._shrunk_at = self._failed_at = -inf

    def retune(self, limit: int) -> None:
        """The most that it may learn; it grows to that as far as the other side allows."""
        self.maximum, self.minimum = _positive(limit), min(self.minimum, limit)
        self.resize(min(self.limit, limit))

    def succeeded(self, in_flight: int) -> None:
        now = self._clock()
        quiet = now - max(self._shrunk_at, self._failed_at) >= self.cooldown
        if in_flight < self.limit or self.limit >= self.maximum or not quiet:
            return
        self._successes += 1
        if self._shrunk_at == -inf or self._successes >= self.limit:
            self._successes = 0
            self.resize(self.limit + 1)

    def throttled(self) -> None:
        now = self._clock()
        if now - self._shrunk_at < self.cooldown:
            return
        self._shrunk_at, self._successes = now, 0
        self.resize(max(self.minimum, self.limit * 4 // 5))

    def failed(self) -> None:
        self._failed_at, self._successes = self._clock(), 0
