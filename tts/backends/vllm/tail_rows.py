"""Rows of the uncached tail, placed."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow, Vector


def placed_vectors(
    row: MarkedRow, kept: Sequence[Vector | None], tail: Sequence[Sequence[float]]
) -> tuple[Vector, ...] | None:
    """One vector per mark: what was kept, else the tail's own, counted from its end.

    `tail`: one vector per token that was really read, the last of them the row's last. None where
    a mark lies before the tail and its vector was not kept.
    """
    first = len(row.ids) - len(tail)
    placed: list[Vector] = []
    for mark, vector in zip(row.marks, kept, strict=True):
        if vector is None:
            if mark < first:
                return None
            vector = tuple(tail[mark - first])
        placed.append(vector)
    return tuple(placed)
