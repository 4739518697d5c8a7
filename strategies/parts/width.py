"""How wide a search may be, and how its width is shared out."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, floor, fsum

from tts.errors import BudgetExhausted
from tts.run import Run
from tts.values import in_words

STEPS = 8
"""Steps that a solution is taken to have under a ceiling on calls."""


def affordable_width(run: Run, n: int, draws: int = 2) -> int:
    """`n`, or as many candidates as what is left could take from the problem to their end.

    Never less than two, since one leaves nothing to choose from. Read between two rounds, so that
    a small budget makes a search narrower instead of ending it in its first rounds.

    Args:
        run: the Run whose ceilings count; without any the width is `n`.
        n: the width wanted.
        draws: whole draws that a candidate is reckoned at: itself, its scores, its lookahead.

    Raises:
        BudgetExhausted: room for less than one candidate; `finish` makes the closing draw.
    """
    width = n
    for dimension, left in run.left.items():
        one = draws * run.may_need(dimension)
        if left < one:
            raise BudgetExhausted(in_words(dimension, one), in_words(dimension, left))
        whole = one * (STEPS if dimension == "calls" else 1)
        if whole * n > left:
            width = min(width, max(2, left // whole))
    return width


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


def normalised(logs: Sequence[float]) -> list[float]:
    """exp of each, scaled to sum to 1: the softmax."""
    highest = max(logs)
    raw = [exp(value - highest) for value in logs]
    whole = fsum(raw)
    return [value / whole for value in raw]
