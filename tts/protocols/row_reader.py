"""Where the numbers of a reward head come from."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from tts.values import Model

Vector = tuple[float, ...]
"""What the head says at one position, before softmax or sigmoid."""


class MarkedRow(Struct, frozen=True, gc=False):
    """Token ids, and the positions at which the head is read, in order."""

    ids: tuple[int, ...]
    marks: tuple[int, ...]


class RowReading(Struct, frozen=True, kw_only=True):
    """One vector per mark, and how many tokens it took."""

    vectors: tuple[Vector, ...]
    computed_tokens: int
    """Tokens that the model really read; the others were cached or their vectors were kept."""


class RowReader(Protocol):
    """A model that reads token rows, with a head at every position."""

    @property
    def model(self) -> Model: ...

    async def read(self, row: MarkedRow) -> RowReading:
        """Raises `CallError`; cancelling the coroutine aborts the reading."""
        ...

    async def close(self) -> None: ...
