"""One pool behind a gate."""

from __future__ import annotations

import asyncio
from math import inf

from tts.executor.circuit import Circuit
from tts.executor.clock import Clock
from tts.executor.concurrency import Concurrency
from tts.executor.fair_queue import FairQueue


class Lane:
    """What a gate keeps of one pool: its limit, its slots in use, its queue, its pause and its circuit."""

    def __init__(self, pool: str, *, concurrency: Concurrency) -> None:
        self.pool = pool
        self.concurrency = concurrency
        self.queue: FairQueue[asyncio.Future[None]] = FairQueue()
        self.circuit = Circuit(pool)
        self.in_flight = 0
        self.served_at = 0
        self.paused_until = -inf
        self.timer: asyncio.TimerHandle | None = None

    def admits(self, clock: Clock) -> bool:
        """Whether one more call may enter, as far as this pool is concerned."""
        if self.in_flight >= self.concurrency.limit:
            return False
        return self.paused_until == -inf or not self.paused_for(clock)

    def paused_for(self, clock: Clock) -> float:
        """Seconds until the pause ends; 0 when there is none."""
        return 0.0 if self.paused_until == -inf else max(0.0, self.paused_until - clock())
