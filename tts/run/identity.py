"""Names and seeds that are the same in every process."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec


def function_name(what: Any) -> str:
    """How a function or an operation is called in traces."""
    spec = getattr(what, "spec", None)
    if spec is not None:
        return str(spec.name)
    return str(getattr(what, "__name__", type(what).__name__))


def stable_seed(*parts: Any) -> int:
    """63 bits from JSON-able parts."""
    digest = blake2b(msgspec.json.encode(parts), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
