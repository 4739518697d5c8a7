"""What an engine is made of, before anything is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tts.answers import Aggregate
from tts.errors import BadInput
from tts.protocols import Generator
from tts.run import Verifier

DEFAULT_KEY, DEFAULT_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"
OPENAI = "https://api.openai.com/v1"
POSITIVE = ("concurrency", "requests_per_minute", "tokens_per_minute", "timeout")
OPTIONAL = ("requests_per_minute", "tokens_per_minute")


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
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; the key itself is never an option.
    None: `OPENAI_API_KEY`, for OpenAI's own servers and for `OPENAI_BASE_URL`, which stands beside
    it in the environment; other servers get no key. One that is named has to be set."""
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

    def __post_init__(self) -> None:
        """Raises `BadInput` for a value that no engine can be opened with."""
        for name in (*POSITIVE, "retries"):
            value, least = getattr(self, name), 0 if name == "retries" else 1e-9
            if (value is None and name in OPTIONAL) or _at_least(value, least):
                continue
            raise BadInput(f"{name}={value!r}: a number above 0 is needed.")
        if not isinstance(self.base_url, str) or not _is_url(self.base_url):
            raise BadInput(
                f"base_url (--base-url) {self.base_url!r} is no URL: write http://HOST:PORT/v1."
            )
        _part("model", self.model, "backend:model", "generate")
        for one in _mapping("models", self.models).values():
            _part("models", one, "backend:model", "generate")
        _mapping("sampling", self.sampling)
        if self.verifier is not None:
            _part("verifier", self.verifier, "a verifier's name, 'none' or 'auto'", "score")
        if self.api_key_env is not None and not os.environ.get(str(self.api_key_env)):
            raise BadInput(
                f"The environment variable {self.api_key_env!r} (--api-key-env) is not set: "
                "export it, or leave the option out."
            )

    @classmethod
    def of(cls, **given: Any) -> SessionOptions:
        """The options by name; raises `BadInput` for one that there is not."""
        known = [one.name for one in fields(cls)]
        for name in given:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
                raise BadInput(f"There is no option {name!r}: {hint}")
        return cls(**given)

    @property
    def url(self) -> str:
        """Of the server of remote models: the option, else the environment's, else OpenAI's."""
        return self.base_url or os.environ.get(DEFAULT_URL, "") or OPENAI

    def key(self, url: str = "") -> str | None:
        """The key for a server, by default that of remote models; None: it gets none.

        A key that nobody named is OpenAI's, and leaves for nobody else.
        """
        own = _is_openai(url or self.url) or (url or self.url) == os.environ.get(DEFAULT_URL)
        name = self.api_key_env or (DEFAULT_KEY if own else None)
        return (os.environ.get(name, "").strip() or None) if name else None


def _is_openai(url: str) -> bool:
    return f".{urlsplit(url).hostname or ''}".endswith(".openai.com")


def _at_least(value: Any, least: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def _is_url(text: str) -> bool:
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        return False
    try:
        found = urlsplit(text)
        return not text or (
            found.scheme in ("http", "https") and bool(found.hostname and found.port != 0)
        )
    except ValueError:
        return False


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise BadInput(f"{name}={value!r}: a mapping of names is needed.")


def _part(name: str, value: Any, text: str, method: str) -> None:
    """A name, or an object that does what the part is for."""
    if isinstance(value, str) or (hasattr(value, method) and not isinstance(value, type)):
        return
    raise BadInput(f"{name}={value!r}: {text} is needed, or an object with `{method}`.")
