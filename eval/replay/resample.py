"""Intervals of many figures at once, from the same resamples of the problems."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from tts.eval.replay.pool import Floats
from tts.eval.statistics import FEWEST, Estimate, wilson

RESAMPLES = 2_000
AT_ONCE = 200
"""Resamples that are held together."""
MANY = 1_000
"""Problems from which on a mean is as good as normal, and is not resampled."""


def redrawn(random: np.random.Generator, problems: int, count: int) -> Floats:
    """How often each problem is in each of `count` resamples, (count, problems)."""
    equal = np.full(problems, 1 / problems)
    return random.multinomial(problems, equal, count).astype(np.float64)


class Resampler:
    """Percentile bootstrap over problems (Efron 1979); the normal interval of `MANY` and more.

    Every figure sees the same resamples, so that a difference of two figures, given as a column of
    its own, is a paired one.
    """

    def __init__(self, problems: int, *, seed: int = 0, resamples: int = RESAMPLES) -> None:
        self.problems, self._seed, self._resamples = problems, seed, resamples

    def estimates(
        self, values: Floats, *, least: float = 0.0, most: float = 1.0, confidence: float = 0.95
    ) -> list[Estimate]:
        """The mean of each column; rows are problems, NaN where one says nothing.

        Values lie within `least` … `most`: the bounds where fewer than `FEWEST` problems speak.
        Where all are equal resampling sees no spread, and the bounds allow for what as many
        problems may hide (Wilson 1927).
        """
        told = ~np.isnan(values)
        counts = told.sum(axis=0)
        known = np.nan_to_num(values)
        bounds_of = _normal if self.problems >= MANY else self._resampled
        low, high = bounds_of(known, told.astype(np.float64), confidence)
        found = []
        for column, n in enumerate(counts):
            mean = float(known[:, column].sum() / n) if n else float("nan")
            bounds = max(least, float(low[column])), min(most, float(high[column]))
            if n < FEWEST:
                bounds = least, most
            elif np.ptp(values[told[:, column], column]) == 0:
                hidden = wilson(0, int(n), confidence=confidence).high
                bounds = max(least, mean - hidden), min(most, mean + hidden)
            found.append(Estimate(mean, *bounds))
        return found

    def _resampled(self, values: Floats, told: Floats, confidence: float) -> tuple[Floats, Floats]:
        random = np.random.default_rng(self._seed)
        parts = []
        for start in range(0, self._resamples, AT_ONCE):
            count = min(AT_ONCE, self._resamples - start)
            drawn = redrawn(random, self.problems, count)
            weights = drawn @ told
            parts.append(np.divide(drawn @ values, np.where(weights, weights, 1.0)))
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        low, high = np.quantile(np.concatenate(parts), tails, axis=0)
        return low, high


def _normal(values: Floats, told: Floats, confidence: float) -> tuple[Floats, Floats]:
    counts = np.maximum(told.sum(axis=0), 1)
    means = values.sum(axis=0) / counts
    spread = np.sqrt((told * (values - means) ** 2).sum(axis=0)) / counts
    half = NormalDist().inv_cdf((1 + confidence) / 2) * spread
    return means - half, means + half


def share_between(low: Floats, own: Floats, high: Floats, *, seed: int = 0) -> Estimate | None:
    """What `own` gets of the room between `low` and `high`, each (problems,), as a ratio of means.

    None where there is no room. The interval is over resamples of the problems.
    """
    room = float((high - low).mean())
    if room <= 1e-9:
        return None
    weights = redrawn(np.random.default_rng(seed), len(low), RESAMPLES)
    shares = (weights @ (own - low)) / np.maximum(weights @ (high - low), 1e-9)
    bounds = np.quantile(shares, [0.025, 0.975])
    return Estimate(float((own - low).mean()) / room, float(bounds[0]), float(bounds[1]))
