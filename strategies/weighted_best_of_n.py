"""Weighted best-of-N: the answer whose draws a verifier likes best in sum."""

from __future__ import annotations

from tts.strategies.best_of_n import BestOfN
from tts.strategies.selection import Select, most_weighted


class WeightedBestOfN(BestOfN):
    """Best-of-N whose scores vote: the answer with the greatest sum (Li et al. 2022)."""

    name = "weighted_best_of_n"
    select: Select = staticmethod(most_weighted)
