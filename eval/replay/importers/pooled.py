"""What an import gives: rows in the layout of a pool, and what it could not tell."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

Record = dict[str, Any]
"""A row by the names of the layout, see docs/replay.md."""


class Pooled(Struct, frozen=True):
    """Rows, and what is missing from them, in sentences."""

    rows: list[Record]
    notes: tuple[str, ...] = ()


def plural(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
