"""Adaptive consistency with the Dirichlet criterion."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import exp, factorial, lgamma, log

import numpy as np

from tts.strategies.stopping.beta import leads
from tts.strategies.stopping.seen import Seen

MOST_CLASSES = 5
"""Classes that take part, as in the paper's code; a sum over subsets of them."""


class Dirichlet:
    """Stop once the leading answer is the likeliest with this probability (Aggarwal et al. 2023).

    Where the paper draws samples, this sums: exact, and the same every time.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        if not 0.5 < confidence < 1:
            raise ValueError(f"confidence lies between 0.5 and 1, not {confidence}.")
        self.confidence = confidence

    def stops(self, seen: Seen) -> bool:
        return is_likeliest(seen.counts) >= self.confidence


def is_likeliest(counts: Sequence[int]) -> float:
    """P(p₁ is the greatest) under a Dirichlet with one added to each count; counts descending.

    With p as normalised Gamma variables of whole shapes, P(all of a subset exceed the leader) is a
    finite sum, and inclusion and exclusion over subsets give the rest.
    """
    top = [*counts, 0, 0][:2] if len(counts) < 2 else list(counts[:MOST_CLASSES])
    if len(top) < 3:
        return leads(top[0], top[1])
    rivals = range(1, len(top))
    subsets = (subset for size in range(len(top)) for subset in combinations(rivals, size))
    signed = ((-1.0) ** len(s) * _all_exceed(top[0], [top[i] for i in s]) for s in subsets)
    return float(min(1.0, max(0.0, sum(signed))))


def _all_exceed(leader: int, rivals: Sequence[int]) -> float:
    """P(Gᵢ > G₁ for every rival), G ~ Gamma(count + 1)."""
    terms = np.ones(1)
    for count in rivals:
        terms = np.convolve(terms, [1 / factorial(k) for k in range(count + 1)])
    shape, rate = leader + 1, log(len(rivals) + 1)
    weights = (
        exp(lgamma(shape + k) - lgamma(shape) - (shape + k) * rate) for k in range(len(terms))
    )
    return float(sum(term * weight for term, weight in zip(terms, weights, strict=True)))
