"""The uncertainty of a mean over problems, by resampling problems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tts.eval.statistics.estimate import Estimate

RESAMPLES = 10_000


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
