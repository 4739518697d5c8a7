"""How wide a search may be for what is left of its budget."""

from __future__ import annotations

from tts.errors import BudgetExhausted
from tts.run import Run

STEPS = 8
"""Steps that a solution is taken to have under a ceiling on calls."""


def affordable(run: Run, n: int, draws: int = 2) -> int:
    """`n`, or fewer where what is left could not take that many candidates to their end.

    Read between two rounds, so that a small budget makes a search narrower and never leaves it
    without anything finished.

    Args:
        run: the Run whose ceilings count; without any the width is `n`.
        n: the width wanted.
        draws: whole draws that a candidate is reckoned at: itself, its scores, its lookahead.

    Raises:
        BudgetExhausted: room for less than two candidates: there would be nothing to choose
            from, and `finish` draws the best of them to its end.
    """
    width = n
    for dimension, left in run.left.items():
        need = draws * (getattr(run.least.draw, dimension) or 0) * (dimension != "calls" or STEPS)
        if need * n > left:
            width = min(width, left // need)
        if width < min(2, n):
            raise BudgetExhausted(dimension, 2 * need, left)
    return width
