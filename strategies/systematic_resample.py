"""Systematic resampling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def systematic_resample(weights: Sequence[float], n: int, *, offset: float) -> list[int]:
    """`n` positions, each with its weight's share of them up to one (Kitagawa 1996).

    Args:
        weights: normalised.
        n: how many positions.
        offset: one uniform number, 0 ≤ offset < 1: the positions are those at (i + offset) / n.
    """
    edges = list(accumulate(weights))
    chosen: list[int] = []
    place = 0
    for i in range(n):
        at = (i + offset) / n
        while place < len(edges) - 1 and edges[place] <= at:
            place += 1
        chosen.append(place)
    return chosen
