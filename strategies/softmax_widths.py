"""How REBASE shares a width among leaves."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, fsum

EDGE = 1e-9
"""Rounding noise that must not buy another child."""


def softmax_widths(scores: Sequence[float], width: int, *, temperature: float) -> list[int]:
    """Children per leaf, in proportion to exp(score / temperature); they sum to `width`.

    Best leaf first, each gets its share of what is left, rounded up, and leaves the rest to those
    behind it (Wu et al. 2024, REBASE, section 3).
    """
    highest = max(scores, default=0.0)
    weights = [exp((score - highest) / temperature) for score in scores]
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    widths = [0] * len(scores)
    for turn, leaf in enumerate(order):
        rest = fsum(weights[i] for i in order[turn:])
        share = weights[leaf] / rest if rest > 0 else 1.0
        widths[leaf] = min(width, ceil(width * share - EDGE))
        width -= widths[leaf]
    return widths
