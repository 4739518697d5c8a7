"""The difference between two strategies on the same problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from msgspec import Struct

from tts.eval.statistics.bootstrap import RESAMPLES, bootstrap_mean, bootstrap_means
from tts.eval.statistics.estimate import Estimate
from tts.eval.statistics.mcnemar import mcnemar
from tts.eval.statistics.wilson import wilson

Test = Literal["mcnemar", "bootstrap"]


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
        estimate=_interval(gaps, seed, confidence, resamples),
        p=mcnemar(wins, losses) if whole else _p(gaps, seed, resamples),
        test="mcnemar" if whole else "bootstrap",
        wins=wins,
        losses=losses,
        deviation=float(np.std(gaps, ddof=1)) if len(set(gaps)) > 1 else 0.0,
    )


def _interval(gaps: list[float], seed: int, confidence: float, resamples: int) -> Estimate:
    """By bootstrap; where all gaps are equal, resampling sees no spread, and the bounds allow for
    as many other problems as a share of 0 of n may hide (Wilson 1927)."""
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
