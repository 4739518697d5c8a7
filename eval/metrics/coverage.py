"""Coverage beyond the draws that there are: how likely problems are solved, as a distribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, lgamma, log
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
ROUNDS, HALVINGS = 200, 20
LOWEST, HIGHEST = 1e-4, 1e5
"""Between them lie both parameters: at the highest, all problems are equally hard."""


class CoverageFit(Struct, frozen=True, kw_only=True):
    """Chances of success per problem as Beta(alpha, beta), fitted to successes of draws.

    The distribution is fitted, not the curve: coverage follows a power law of exponent `alpha` for
    large k exactly because the density near 0 is a power of p (Schaeffer et al. 2025).
    """

    alpha: float
    beta: float
    log_likelihood: float
    problems: int
    draws: int

    @property
    def mean(self) -> float:
        """Expected pass@1."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def spread(self) -> float:
        """Correlation of two draws of one problem: 0 where all are equally hard, 1 where each is
        always or never solved."""
        return 1 / (self.alpha + self.beta + 1)

    def pass_at_k(self, k: float) -> float:
        """Expected coverage of k draws: 1 - B(alpha, beta + k) / B(alpha, beta)."""
        if k <= 0:
            raise ValueError(f"k is above 0, not {k}.")
        a, b = self.alpha, self.beta
        return 1 - exp(lgamma(b + k) - lgamma(b) + lgamma(a + b) - lgamma(a + b + k))

    def draws_for(self, coverage: float) -> float:
        """The k whose coverage that is; ValueError unless it lies between pass@1 and 1."""
        if not self.mean <= coverage < 1:
            raise ValueError(f"coverage lies between {self.mean:.3g} and 1, not {coverage}.")
        low, high = 1.0, 2.0
        while self.pass_at_k(high) < coverage:
            low, high = high, 2 * high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.pass_at_k(middle) < coverage else (low, middle)
        return high


def coverage_fit(successes: Sequence[tuple[int, int]]) -> CoverageFit:
    """Maximum likelihood of a beta-binomial; `successes` are (right, draws) per problem.

    Newton's method on the logarithms of both parameters. ValueError where no problem has two draws
    or more, since one draw tells nothing of a distribution.
    """
    counts = Counter((right, n) for right, n in successes if n > 0)
    if not any(n > 1 for _, n in counts):
        raise ValueError("A distribution of chances shows in two draws per problem or more.")
    at = _start(counts)
    value = _likelihood(counts, at)
    for _ in range(ROUNDS):
        before = at
        at, value = _climbed(counts, at, value)
        if np.abs(at - before).max() < 1e-9:
            break
    alpha, beta = (float(one) for one in np.exp(at))
    return CoverageFit(
        alpha=alpha,
        beta=beta,
        log_likelihood=value,
        problems=sum(counts.values()),
        draws=sum(n * count for (_, n), count in counts.items()),
    )


Counts = Counter[tuple[int, int]]


def _start(counts: Counts) -> Floats:
    """By moments: the mean, and a precision of 2."""
    shares = [(right / n, weight) for (right, n), weight in counts.items()]
    mean = sum(share * weight for share, weight in shares) / sum(counts.values())
    mean = min(max(mean, 0.01), 0.99)
    start: Floats = np.log(np.array([2 * mean, 2 * (1 - mean)]))
    return start


def _likelihood(counts: Counts, at: Floats) -> float:
    a, b = np.exp(at)
    base = lgamma(a + b) - lgamma(a) - lgamma(b)
    return sum(
        weight * (base + lgamma(a + right) + lgamma(b + n - right) - lgamma(a + b + n))
        for (right, n), weight in counts.items()
    )


def _climbed(counts: Counts, at: Floats, value: float) -> tuple[Floats, float]:
    """One step, halved until it is no loss; where none is, the same place."""
    step = _step(counts, at)
    for halved in range(HALVINGS):
        fresh = np.clip(at + step / 2**halved, log(LOWEST), log(HIGHEST))
        if (better := _likelihood(counts, fresh)) >= value:
            return fresh, better
    return at, value


def _step(counts: Counts, at: Floats) -> Floats:
    """Newton's step; the gradient where the curvature would lead uphill the wrong way."""
    a, b = np.exp(at)
    slope, bend, cross = np.zeros(2), np.zeros(2), 0.0
    for (right, n), weight in counts.items():
        both, whole = _sums(a + b, n)
        for place, (shape, count) in enumerate(((a, right), (b, n - right))):
            first, second = _sums(shape, count)
            slope[place] += weight * (first - both)
            bend[place] += weight * (whole - second)
        cross += weight * whole
    shapes = np.array([a, b])
    gradient = slope * shapes
    hessian = np.diag(bend * shapes**2 + gradient)
    hessian[0, 1] = hessian[1, 0] = cross * a * b
    if hessian[0, 0] < 0 and np.linalg.det(hessian) > 0:
        gradient = -np.linalg.solve(hessian, gradient)
    step: Floats = np.clip(gradient, -2, 2)
    return step


def _sums(shape: float, count: int) -> tuple[float, float]:
    """Sums of 1 / (shape + i) and of its squares for i below a count: differences of digammas."""
    terms = 1 / (shape + np.arange(count))
    return float(terms.sum()), float((terms**2).sum())
