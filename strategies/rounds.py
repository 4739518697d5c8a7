"""The rounds of a step-wise search."""

from __future__ import annotations

from collections.abc import Iterator

from tts.run import Until


def rounds(most: int) -> Iterator[Until]:
    """A step per round; the last round runs every live candidate to its end."""
    return (until_at(turn, most) for turn in range(1, most + 1))


def until_at(depth: int, most: int) -> Until:
    """Where the draw of the `depth`-th step ends, counted from 1."""
    return "end" if depth >= most else "step"
