"""How many calls one pool may have in flight."""

from __future__ import annotations

from collections.abc import Callable

from tts.errors import UsageError


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
