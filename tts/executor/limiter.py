"""Requests and tokens per minute."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Protocol

from tts.budget import Told, Turns
from tts.errors import UsageError
from tts.executor.deadlines import Clock, loop_time
from tts.protocols import Abort
from tts.values import Dimension


class RateLimit(Protocol):
    """A cap on calls over time: `acquire` before a call, `settle` once its tokens are known."""

    def acquire_nowait(self, tokens: int) -> bool:
        """Take a call and an estimate of its tokens if nobody waits and both fit."""
        ...

    async def acquire(self, tokens: int) -> None: ...

    def acquire_then(self, tokens: int, told: Told) -> Abort:
        """The same by a callback; returns what leaves the line."""
        ...

    def settle(self, estimated: int, actual: int) -> None: ...


class RateLimiter(Turns[int]):
    """Two token buckets behind one strictly first-in-first-out queue; None: no such limit.

    A call waits until both its request and its estimated tokens fit, so a big request is never
    overtaken by small ones. More tokens than a minute allows pass when the bucket is full, and
    later calls wait for the debt. One timer stands for the head of the line; nothing polls.
    """

    def __init__(
        self,
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
        *,
        clock: Clock = loop_time,
    ) -> None:
        super().__init__()
        for rate in (requests_per_minute, tokens_per_minute):
            if rate is not None and not rate > 0:
                raise UsageError(f"A rate per minute must be above zero, not {rate}.")
        self._rates = (requests_per_minute, tokens_per_minute)
        self._clock = clock
        self._buckets: tuple[Bucket | None, Bucket | None] | None = None
        self._returned = asyncio.Event()

    @property
    def per_minute(self) -> dict[Dimension, float]:
        """The rates that are limited."""
        requests, tokens = self._rates
        named: dict[Dimension, float | None] = {"calls": requests, "tokens": tokens}
        return {name: rate for name, rate in named.items() if rate is not None}

    def acquire_nowait(self, tokens: int) -> bool:
        """Reserve a request and its tokens if nobody waits and both fit; False otherwise."""
        return self.in_turn_nowait(tokens)

    async def acquire(self, tokens: int) -> None:
        """Reserve a request and an estimate of its tokens, waiting in turn.

        Cancelled while it waits, a call takes nothing.
        """
        await self.in_turn(tokens)

    def acquire_then(self, tokens: int, told: Told) -> Abort:
        """The same by a callback; returns what leaves the line."""
        return partial(self.withdraw, self.wait(tokens, told))

    def settle(self, estimated: int, actual: int) -> None:
        """Replace an estimate by what the call really used; the request itself stays used."""
        self._put(0, estimated - actual)
        self._returned.set()

    def take(self, tokens: int) -> bool:
        now = self._clock()
        if self._wait(tokens, now) > 0:
            return False
        requests, sizes = self._filled(now)
        if requests:
            requests.take(1)
        if sizes:
            sizes.take(tokens)
        return True

    def put(self, tokens: int) -> None:
        self._put(1, tokens)

    async def make_room(self, tokens: int) -> None:
        seconds = self._wait(tokens, self._clock())
        self._returned.clear()
        with suppress(TimeoutError):
            # A loop fires up to its clock's resolution early; the floor keeps that from spinning.
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._returned.wait()

    def _wait(self, tokens: int, now: float) -> float:
        """Seconds until a call with that many tokens fits."""
        requests, sizes = self._filled(now)
        seconds = requests.wait(1, now) if requests else 0.0
        return max(seconds, sizes.wait(tokens, now)) if sizes else seconds

    def _put(self, count: int, tokens: int) -> None:
        now = self._clock()
        requests, sizes = self._filled(now)
        if requests and count:
            requests.put(count, now)
        if sizes:
            sizes.put(tokens, now)

    def _filled(self, now: float) -> tuple[Bucket | None, Bucket | None]:
        """The buckets; made at first use, because the loop's clock runs only inside it."""
        if self._buckets is None:
            requests, tokens = self._rates
            self._buckets = (
                Bucket(requests, now=now) if requests is not None else None,
                Bucket(tokens, now=now) if tokens is not None else None,
            )
        return self._buckets


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
