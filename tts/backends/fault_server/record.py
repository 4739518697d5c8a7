"""What a simulated server saw."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct


class Seen(Struct, frozen=True, gc=False):
    """One generation request."""

    arrived: float
    """Seconds of the monotonic clock."""
    path: str
    digest: str
    """BLAKE2 of the body: equal requests have equal digests."""
    authorization: str
    body: bytes


class Record:
    """Counts kept by the server; `in_flight` are requests without a finished answer."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self.seen: list[Seen] = []
        self.digests: Counter[str] = Counter()
        self.requests = 0
        self.answered = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.cancelled = 0
        """Requests whose client left before the answer was complete."""
        self.connections = 0
        self.faults: Counter[str] = Counter()

    def arrive(self, seen: Seen) -> int:
        """Note a request; its arrival number."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if self._keep:
            self.seen.append(seen)
            self.digests[seen.digest] += 1
        return self.requests - 1

    @property
    def arrivals(self) -> list[float]:
        """When each request came, in seconds of the monotonic clock."""
        return [seen.arrived for seen in self.seen]
