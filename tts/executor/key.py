"""What makes two calls the same call."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from tts.protocols import OperationSpec

_encode = msgspec.json.Encoder(order="deterministic").encode


def base_key(spec: OperationSpec, identity: Any) -> bytes:
    """Hash of function and version, model and revision, and the inputs' content."""
    parts = (spec.name, spec.version, spec.model, spec.revision, identity)
    return blake2b(_encode(parts), digest_size=16).digest()


def pure_key(base: bytes) -> str:
    """Key of a call that gives the same answer wherever and whenever it is made."""
    return base.hex()


def draw_key(base: bytes, *, seed: int, path: str, index: int) -> str:
    """Key of the `index`-th equal draw of a Run; a child Run draws its own."""
    suffix = f"|{seed}|{path}|{index}".encode()
    return blake2b(base + suffix, digest_size=16).hexdigest()


def placed_key(base: bytes, *, run_id: str, node: str) -> str:
    """Key of a call with an effect: bound to its place in one run, never shared."""
    return blake2b(base + f"|{run_id}|{node}".encode(), digest_size=16).hexdigest()


def seed_of(key: str) -> int:
    """63 bits derived from a key: the same key draws the same text."""
    return int(key[:16], 16) >> 1
