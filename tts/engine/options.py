"""What an engine is made of, before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tts.protocols import Generator, Verifier
from tts.voting import Aggregate


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Models, verifier, sampling, limits and prices; every field has a CLI flag of its name."""

    model: str | Generator = "embedded:small"
    verifier: str | Verifier | None = "auto"
    models: Mapping[str, str | Generator] = field(default_factory=dict)
    """Further generators, by the name that strategies use."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Sampling` that differ from the backend's default (temperature 1)."""
    aggregate: Aggregate | None = None
    """How step scores become one score; None: the rule of the verifier's family, else `min`."""
    base_url: str = ""
    """Of an OpenAI-compatible server; empty: the provider's own."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; the key itself is never an option."""
    prices: Path | None = None
    """A user's price file, on top of the shipped table."""
    concurrency: int = 512
    """Most calls in flight."""
    adaptive: bool = True
    """Remote models: shrink the concurrency on 429 and grow it back."""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = 600.0
    """Seconds for one attempt."""
    retries: int = 5
    """Attempts after the first."""
