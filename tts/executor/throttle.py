"""Calls per period of a tool; the only file that imports asyncio-throttle."""

from __future__ import annotations

import asyncio
from typing import Any

from asyncio_throttle.throttler import Throttler

from tts.errors import UsageError


class Throttle:
    """At most `calls` calls in any `period` (seconds), in order of arrival; tokens do not count.

    A `RateLimit` on asyncio-throttle's sliding window. Its waiters poll, so that one at a time
    is let into it.
    """

    def __init__(self, calls: int, *, period: float = 1.0) -> None:
        if calls < 1 or period <= 0:
            raise UsageError(f"A throttle needs calls and a period above zero: {calls}, {period}.")
        self._throttler: Any = Throttler(calls, period=period)
        self._turn = asyncio.Lock()

    async def acquire(self, tokens: int) -> None:
        """Wait for room in the window; cancelled while it waits, a call takes nothing."""
        async with self._turn:
            await self._throttler.acquire()

    def settle(self, estimated: int, actual: int) -> None:
        """Nothing to correct: only calls count."""
