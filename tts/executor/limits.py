"""What bounds calls: concurrency, rates, time, and how often one is made again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from msgspec import Struct

from tts.errors import CallError, UsageError
from tts.executor.circuit import Patience
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimit, RateLimiter
from tts.executor.shared_rate import SharedRate
from tts.protocols import Effect, RateWindows
from tts.values import Dimension


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """Exponential waits with jitter; what the other side asks for goes first."""

    retries: int = 5
    """Attempts after the first."""
    first_delay: float = 0.5
    """Seconds before the first retry; each later one waits twice as long."""
    longest_delay: float = 30.0
    """Seconds that doubling never passes."""
    longest_wait: float = 120.0
    """Seconds: a server that asks for more is not waited for."""
    outage: float = 60.0
    """Seconds for which a pool that has answered and cannot be reached any more is waited for, as
    while its server starts again; attempts that could not be sent in that time are no retries.
    Without retries nothing is waited for."""
    unreached: float = 5.0
    """The same of one that has never answered: most likely its address is wrong."""
    jitter: float = 0.25
    """Share of a wait by which it varies, so that failed calls do not come back together."""

    def __post_init__(self) -> None:
        delays = (self.first_delay, self.longest_delay, self.longest_wait)
        if min(self.retries, *delays, self.outage, self.unreached) < 0:
            raise UsageError("Retries and their delays cannot be negative.")
        if not 0 <= self.jitter <= 1:
            raise UsageError(f"Jitter is a share between 0 and 1, not {self.jitter}.")

    @property
    def patience(self) -> Patience:
        """How long an outage is waited for."""
        return Patience(self.outage, self.unreached) if self.retries else Patience(0.0, 0.0)

    def delay(self, number: int, error: CallError, random: Random, effect: Effect) -> float | None:
        """Seconds until the attempt after attempt `number` (0 for the first); None: give up.

        An attempt that may have taken effect is not repeated where repeating does harm: effects
        `write` and `irreversible`.
        """
        asked = max(0.0, error.retry_after or 0.0)
        repeatable = error.sent == "not_sent" or effect not in ("write", "irreversible")
        if number >= self.retries or not error.retryable or not repeatable:
            return None
        if asked > self.longest_wait:
            return None
        doubled = min(self.longest_delay, self.first_delay * 2.0 ** min(number, 64))
        own = doubled * (1 + self.jitter * random.uniform(-1, 1))
        later = asked * (1 + self.jitter * random.random())
        return max(own, min(later, self.longest_wait))


ATTEMPT_SECONDS = 600.0
"""Seconds for one attempt where nobody says another number."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Concurrency, rates, retries and time."""

    gate: Gate = field(default_factory=Gate)
    rates: dict[str, RateLimit] = field(default_factory=dict)
    """By pool: a model's or a tool's name."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: float = ATTEMPT_SECONDS
    """Seconds for one attempt, where the operation names none."""

    def shared(self, windows: RateWindows | None) -> Limits:
        """The same with the rates per minute leased of what all processes of a ledger share, for
        the running loop."""
        if windows is None:
            return self
        clock = asyncio.get_running_loop().time
        rates: dict[str, RateLimit] = {
            pool: SharedRate(pool, rate.per_minute, windows, clock=clock)
            if isinstance(rate, RateLimiter)
            else rate
            for pool, rate in self.rates.items()
        }
        return replace(self, rates=rates)

    def retune_rate(
        self, pool: str, per_minute: Mapping[Dimension, float], windows: RateWindows
    ) -> None:
        """Change a rate that processes share while calls wait for it, or begin to limit a pool."""
        rate = self.rates.get(pool)
        if isinstance(rate, SharedRate):
            rate.retune(per_minute)
            return
        clock = asyncio.get_running_loop().time
        self.rates[pool] = SharedRate(pool, per_minute, windows, clock=clock)
