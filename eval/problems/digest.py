"""The content digest of a problem set."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from msgspec import to_builtins

from tts.values import Problem


def digest(problems: Iterable[Problem]) -> str:
    """SHA-256 (hex) over one canonical JSON line per problem: sorted keys, ASCII, no spaces."""
    state = sha256()
    for problem in problems:
        fields = to_builtins(problem)
        line = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
        state.update(line.encode() + b"\n")
    return state.hexdigest()
