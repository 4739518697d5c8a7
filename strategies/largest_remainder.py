"""Whole numbers in given proportions."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, fsum


def largest_remainder(weights: Sequence[float], total: int) -> list[int]:
    """Whole numbers that sum to `total`, as proportional to the weights as they can be.

    Hamilton's method: everyone gets the whole part of the exact share, the rest goes to the
    largest fractions, of equals to the first. Weights that sum to nothing count as equal.
    """
    whole = fsum(weights)
    fair = [w / whole if whole > 0 else 1 / len(weights) for w in weights]
    exact = [share * total for share in fair]
    given = [floor(amount + 1e-9) for amount in exact]
    behind = sorted(range(len(given)), key=lambda i: (round(given[i] - exact[i], 9), i))
    for place in behind[: total - sum(given)]:
        given[place] += 1
    return given
