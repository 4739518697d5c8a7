"""One allowance that refills steadily."""

from __future__ import annotations


class Bucket:
    """A token bucket that holds one minute's allowance and starts full.

    In any t seconds at most `per_minute · (1 + t / 60)` leaves it, plus what the last amount of
    them exceeds a full bucket by: such a debt is refilled before anything else leaves.
    """

    def __init__(self, per_minute: float, *, now: float) -> None:
        self.capacity = per_minute
        self._level = per_minute
        self._now = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until an amount may leave, 0 for at once; asks for nothing more than full."""
        self._refill(now)
        missing = min(amount, self.capacity) - self._level
        return 0.0 if missing <= 1e-9 * self.capacity else missing * 60 / self.capacity

    def take(self, amount: float) -> None:
        self._level -= amount

    def put(self, amount: float, now: float) -> None:
        """Return what was not used; a negative amount is used on top."""
        self._refill(now)
        self._level = min(self.capacity, self._level + amount)

    def _refill(self, now: float) -> None:
        """A clock that steps back refills nothing and is followed from there."""
        elapsed, self._now = now - self._now, now
        if elapsed > 0 and self._level < self.capacity:
            self._level = min(self.capacity, self._level + elapsed * self.capacity / 60)
