"""What bounds an executor, all of it visible in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tts.executor.gate import Gate
from tts.executor.limiter import RateLimit, RateLimiter
from tts.executor.retry import RetryPolicy
from tts.executor.shared_rate import SharedRate
from tts.protocols import RateWindows


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Concurrency, rates, retries and time."""

    gate: Gate = field(default_factory=Gate)
    rates: Mapping[str, RateLimit] = field(default_factory=dict)
    """By pool: a model's or a tool's name."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: float = 600.0
    """Seconds for one attempt, where the operation names none."""

    def shared(self, windows: RateWindows | None) -> Limits:
        """The same with the rates per minute leased of what all processes of a ledger share."""
        if windows is None:
            return self
        rates = {
            pool: SharedRate(pool, rate.per_minute, windows)
            if isinstance(rate, RateLimiter)
            else rate
            for pool, rate in self.rates.items()
        }
        return replace(self, rates=rates)
