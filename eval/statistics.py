"""How sure a figure is: intervals, paired tests, corrections and what n problems can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

RESAMPLES = 10_000
Test = Literal["mcnemar", "bootstrap"]
POWER = 0.8
ALPHA = 0.05
FEWEST = 6
"""Problems: of fewer, even a clean sweep has an exact two-sided p above 0.05 (2 / 2⁵ = 0.0625)."""
TOO_FEW = f"too few to say; at least {FEWEST} problems that both were graded on are needed."


class Estimate(Struct, frozen=True):
    """A value between the bounds of its confidence interval."""

    value: float
    low: float
    high: float


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> Estimate:
    """Score interval of a proportion (Wilson 1927); honest at 0 and at n.

    `successes` may be a sum of per-problem means. Raises ValueError unless 0 ≤ successes ≤ n ≥ 1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} are no proportion.")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = successes / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def bootstrap_means(
    values: Sequence[float], *, seed: int, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Means of resampled problems, shape (resamples,), sorted.

    One value per problem, repeats averaged before: the problem is the unit (clustered bootstrap,
    Efron 1979). Problems of equal value are drawn together from one multinomial, which has the
    same distribution and costs as much as there are different values.
    """
    if not values:
        raise ValueError("There is no problem to resample.")
    distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(values), counts / len(values), resamples)
    means: NDArray[np.float64] = np.sort(draws @ distinct / len(values))
    return means


def bootstrap_mean(
    values: Sequence[float], *, seed: int, confidence: float = 0.95, resamples: int = RESAMPLES
) -> Estimate:
    """The mean and its percentile interval."""
    means = bootstrap_means(values, seed=seed, resamples=resamples)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(float(np.mean(np.asarray(values))), float(low), float(high))


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p of as uneven a split of the problems that one of two solved alone.

    The binomial form of McNemar's test (1947), without the normal approximation.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError("Counts of problems are not negative.")
    n, least = only_first + only_second, min(only_first, only_second)
    tail = ways = 1
    for hits in range(least):
        ways = ways * (n - hits) // (hits + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << n))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values in the given order, by Holm's step-down method (1979)."""
    ranked = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    floor = 0.0
    for rank, place in enumerate(ranked):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = floor
    return tuple(adjusted)


class PairedDifference(Struct, frozen=True, kw_only=True):
    """First minus second, in shares of right answers, over the problems that both were graded on."""

    n: int
    estimate: Estimate
    p: float
    test: Test
    """`mcnemar` (exact) where every problem is simply right or wrong, else `bootstrap`."""
    wins: int
    """Problems on which the first did better."""
    losses: int
    deviation: float
    """Standard deviation of the per-problem differences; 0 where none differ."""


def paired_difference(
    first: Mapping[str, float],
    second: Mapping[str, float],
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> PairedDifference | None:
    """Compare per-problem means by problem id; None where no problem is in both."""
    shared = sorted(first.keys() & second.keys())
    if not shared:
        return None
    gaps = [first[one] - second[one] for one in shared]
    wins, losses = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    whole = all(value in (0.0, 1.0) for one in shared for value in (first[one], second[one]))
    return PairedDifference(
        n=len(shared),
        estimate=paired_interval(gaps, seed=seed, confidence=confidence, resamples=resamples),
        p=mcnemar(wins, losses) if whole else _p(gaps, seed, resamples),
        test="mcnemar" if whole else "bootstrap",
        wins=wins,
        losses=losses,
        deviation=float(np.std(gaps, ddof=1)) if len(set(gaps)) > 1 else 0.0,
    )


def paired_interval(
    gaps: Sequence[float], *, seed: int, confidence: float = 0.95, resamples: int = RESAMPLES
) -> Estimate:
    """The mean of per-problem differences, by bootstrap of the problems.

    Where all are equal, resampling sees no spread, and the bounds allow for as many other problems
    as a share of 0 of n may hide (Wilson 1927).
    """
    if len(set(gaps)) > 1:
        return bootstrap_mean(gaps, seed=seed, confidence=confidence, resamples=resamples)
    hidden = wilson(0, len(gaps), confidence=confidence).high
    return Estimate(gaps[0], max(-1.0, gaps[0] - hidden), min(1.0, gaps[0] + hidden))


def _p(gaps: list[float], seed: int, resamples: int) -> float:
    """Two-sided, with one resample added so that it is never zero (Davison & Hinkley 1997)."""
    means = bootstrap_means(gaps, seed=seed, resamples=resamples)
    tolerance = 1e-12
    below = int(np.sum(means <= tolerance))
    above = int(np.sum(means >= -tolerance))
    return min(1.0, 2 * (min(below, above) + 1) / (resamples + 1))


def detectable_difference(
    n: int, deviation: float, *, power: float = POWER, alpha: float = ALPHA
) -> float:
    """The least true difference that n paired problems show with that power."""
    if n < 1:
        raise ValueError(f"{n} problems can show nothing.")
    return _quantiles(power, alpha) * deviation / sqrt(n)


def problems_needed(
    difference: float, deviation: float, *, power: float = POWER, alpha: float = ALPHA
) -> int:
    """How many paired problems show that difference with that power."""
    if difference == 0:
        raise ValueError("No number of problems shows a difference of zero.")
    return max(1, ceil((_quantiles(power, alpha) * deviation / difference) ** 2))


def would_decide(difference: PairedDifference, *, alpha: float = ALPHA) -> int | None:
    """About how many problems would decide a difference of this size that so many did not; None
    where that cannot be told: it is zero, or the same on every problem."""
    value = difference.estimate.value
    if value == 0 or difference.deviation == 0:
        return None
    needed = problems_needed(value, difference.deviation, alpha=alpha)
    return max(needed, difference.n + 1)


def verdict(difference: PairedDifference, *, p: float | None = None, alpha: float = ALPHA) -> str:
    """One sentence on whether the difference is decided; `p` replaces an uncorrected one."""
    value, n = difference.estimate.value, difference.n
    chance = difference.p if p is None else p
    if n < FEWEST:
        return TOO_FEW
    if difference.wins + difference.losses == 0:
        return f"No difference on any of {n} problems; they cannot tell the two apart."
    if chance <= alpha:
        return f"{_points(value)} over {n} problems is decided (p = {chance:.2g})."
    start = f"{_points(value)} over {n} problems is not decided (p = {chance:.2g})"
    if difference.deviation == 0:
        return f"{start}; they all differ by the same, so how many would do cannot be told."
    start += ": "
    least = detectable_difference(n, difference.deviation, alpha=alpha)
    if value == 0:
        return f"{start}{n} problems can show {_points(least, sign=False)} or more."
    return (
        f"{start}{n} problems can show {_points(least, sign=False)} or more; a difference of this "
        f"size needs about {would_decide(difference, alpha=alpha):,} problems."
    )


def _quantiles(power: float, alpha: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)


def _points(value: float, *, sign: bool = True) -> str:
    return f"{value * 100:{'+' if sign else ''}.1f} points".replace("-", "−")
