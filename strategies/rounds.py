"""The rounds of a step-wise search."""

from __future__ import annotations

from collections.abc import Iterator

from tts.run import Until


def rounds(most: int) -> Iterator[Until]:
    """A step per round; the last round runs every live candidate to its end."""
    for turn in range(1, most + 1):
        yield "end" if turn == most else "step"
