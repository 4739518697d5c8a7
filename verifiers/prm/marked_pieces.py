"""Rows from pieces that are tokenised one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tts.protocols import MarkedRow


def marked_pieces(
    question: Sequence[int], steps: Iterable[tuple[Sequence[int], Sequence[int]]]
) -> MarkedRow:
    """`question`, then each step's ids and the ids of its marker; marked is a marker's last id."""
    ids, marks = list(question), []
    for step, marker in steps:
        ids.extend(step)
        ids.extend(marker)
        marks.append(len(ids) - 1)
    return MarkedRow(tuple(ids), tuple(marks))


def without(text: str, marker: str) -> str:
    """A text that cannot add a marker of its own."""
    return text.replace(marker, "")
