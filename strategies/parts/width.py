"""How wide a search may be for what is left of its budget."""

from __future__ import annotations

from tts.errors import BudgetExhausted
from tts.run import Run
from tts.values import in_words

STEPS = 8
"""Steps that a solution is taken to have under a ceiling on calls."""


def affordable(run: Run, n: int, draws: int = 2) -> int:
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
        one = draws * (getattr(run.least.draw, dimension) or 0)
        if left < one:
            raise BudgetExhausted(in_words(dimension, one), in_words(dimension, left))
        whole = one * (STEPS if dimension == "calls" else 1)
        if whole * n > left:
            width = min(width, max(2, left // whole))
    return width
