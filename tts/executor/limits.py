"""What bounds an executor, all of it visible in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tts.executor.gate import Gate
from tts.executor.limiter import RateLimit
from tts.executor.retry import RetryPolicy


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Concurrency, rates, retries and time."""

    gate: Gate = field(default_factory=Gate)
    rates: Mapping[str, RateLimit] = field(default_factory=dict)
    """By pool: a model's or a tool's name."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: float = 600.0
    """Seconds for one attempt, where the operation names none."""
