"""The options of an engine: each is spelled here, and is SDK keyword, recipe key and flag.

Nothing heavy is imported here, so that the command line knows its flags without the engine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tts.answers import Aggregate
from tts.errors import BadInput
from tts.protocols import Generator, Retriever

if TYPE_CHECKING:
    from tts.run import Verifier

DEFAULT_KEY, DEFAULT_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"
OPENAI = "https://api.openai.com/v1"
_BOUNDS = {"ge": "of at least", "gt": "above"}


def option(
    default: Any, told: str, *, least: float | None = None, above: float | None = None
) -> Any:
    """A field whose key in a recipe and whose flag say what it is.

    Args:
        default: the value, or `dict` for an empty mapping.
        told: the help of the flag, a sentence.
        least: the smallest number that is allowed; None: any.
        above: a number that the value has to exceed; None: none.
    """
    bounds = {name: bound for name, bound in (("ge", least), ("gt", above)) if bound is not None}
    metadata = {"told": told, "bounds": bounds}
    if isinstance(default, type):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def options_of(kind: type) -> list[Field[Any]]:
    """The fields of a dataclass that are options, in their order."""
    return [one for one in fields(kind) if "told" in one.metadata]


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Models, verifier, sampling, limits and prices."""

    model: str | Generator = option("embedded:small", "backend:model, such as embedded:small.")
    models: Mapping[str, str | Generator] = option(
        dict, "Further models by the name that strategies use."
    )
    verifier: str | Verifier | None = option("auto", "A verifier, 'none' or 'auto'.")
    sampling: Mapping[str, Any] = option(dict, "Of every draw that names none: top_p=0.9, …")
    """Fields of `Sampling` that differ from the backend's default (temperature 1)."""
    aggregate: Aggregate | None = option(
        None, "How step scores become one: last, min, prod or mean."
    )
    """None: the rule of the verifier's family, else `min`."""
    base_url: str = option("", "URL of an OpenAI-compatible server.")
    """Empty: the provider's own."""
    api_key_env: str | None = option(
        None,
        "Environment variable that holds the key; else OPENAI_API_KEY, for OpenAI alone.",
    )
    """The key itself is never an option. A variable that is named has to be set. None:
    `OPENAI_API_KEY`, for OpenAI's own servers and for `OPENAI_BASE_URL`, which stands beside it in
    the environment; other servers get no key."""
    corpus: Path | None = option(
        None, "Documents that strategies retrieve from: JSONL, a folder of texts, facts:SEED."
    )
    retriever: str | Retriever = option(
        "bm25", "How they are found: bm25, static, sentences, fused, …."
    )
    """An object brings its own corpus."""
    demonstrations: Path | None = option(
        None, "Worked examples for strategies that show some: JSONL, best first; facts:SEED."
    )
    min_isolation: str = option(
        "", "Run generated code at this level or not at all: landlock, namespaces; rlimits."
    )
    """Empty: `landlock`, or `rlimits` with `unsafe_local`."""
    unsafe_local: bool = option(
        False, "Run generated code with limits alone where nothing isolates it."
    )
    prices: Path | None = option(None, "Your own price file.")
    """On top of the shipped table."""
    concurrency: int = option(512, "Most calls in flight.", least=1)
    adaptive: bool = option(True, "Remote models: fewer in flight on 429.")
    """They grow back."""
    requests_per_minute: float | None = option(None, "Requests per minute.", above=0)
    tokens_per_minute: float | None = option(None, "Tokens per minute.", above=0)
    timeout: float | None = option(
        None, "Seconds for one attempt; 600, a day in batches and in this process.", above=0
    )
    """None: by what the model says of itself (`tts.protocols.Defaults.slowest`)."""
    retries: int = option(5, "Attempts after the first.", least=0)

    def __post_init__(self) -> None:
        """Raises `BadInput` for a value that no engine can be opened with."""
        for one in options_of(SessionOptions):
            if bounds := one.metadata["bounds"]:
                _bounded(one.name, getattr(self, one.name), bounds, optional=one.default is None)
        if not isinstance(self.base_url, str) or not _is_url(self.base_url):
            raise BadInput(
                f"base_url (--base-url) {self.base_url!r} is no URL: write http://HOST:PORT/v1."
            )
        _part("model", self.model, "backend:model", "generate")
        for one in _mapping("models", self.models).values():
            _part("models", one, "backend:model", "generate")
        _mapping("sampling", self.sampling)
        _part("retriever", self.retriever, "a retriever's name", "retrieve")
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
    def backend(self) -> str:
        """By name, of the default model; empty where a generator was handed over."""
        return self.model.partition(":")[0] if isinstance(self.model, str) else ""

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


def _bounded(name: str, value: Any, bounds: Mapping[str, float], *, optional: bool) -> None:
    if optional and value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and value >= bounds.get("ge", value) and not value <= bounds.get("gt", value - 1):
        return
    words = " and ".join(f"{_BOUNDS[kind]} {bound:g}" for kind, bound in bounds.items())
    raise BadInput(f"{name}={value!r}: a number {words} is needed.")


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
