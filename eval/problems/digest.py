"""The content digest of a problem set."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

import msgspec
from msgspec import to_builtins

from tts.values import Problem


def digest(problems: Iterable[Problem]) -> str:
    """SHA-256 (hex) over one canonical JSON line per problem: sorted keys, ASCII, no spaces."""
    return sha256(canonical(problems).encode()).hexdigest()


def canonical(problems: Iterable[Problem]) -> str:
    """The text that the digest is of; `from_canonical` reads it back."""
    fields = (to_builtins(problem) for problem in problems)
    lines = (
        json.dumps(one, sort_keys=True, separators=(",", ":"), allow_nan=False) for one in fields
    )
    return "".join(f"{line}\n" for line in lines)


def from_canonical(text: str) -> tuple[Problem, ...]:
    """The problems of a canonical text."""
    return tuple(msgspec.convert(json.loads(line), Problem) for line in text.splitlines())
