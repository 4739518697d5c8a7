"""Weighted best-of-N: the answer whose draws a verifier likes best in sum."""

from __future__ import annotations

from tts.strategies.sampling.best_of_n import BestOfN


class WeightedBestOfN(BestOfN):
    """Best-of-N whose scores vote: the answer with the greatest sum (Li et al. 2022)."""

    name = "weighted_best_of_n"
    choice = "weighted"
