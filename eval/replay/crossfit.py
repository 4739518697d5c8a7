"""A score threshold that is learnt on some problems and judged on others."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from msgspec import Struct

from tts.errors import UsageError
from tts.eval.replay.pool import Draws, Floats, Ints, Pool
from tts.eval.replay.replayed import ORDERS
from tts.eval.replay.resample import Resampler
from tts.eval.replay.trails import trails
from tts.eval.statistics import Estimate

FOLDS, REPEATS = 5, 8
"""Parts of the problems, each judged once by what the others taught; and ways to part them."""
MARGIN = 0.005
"""What a threshold may lose where it is learnt, and be sure of it: half a point."""
SURE = NormalDist().inv_cdf(0.95)
GRID = 64
"""Thresholds that are tried: quantiles of the scores, and one that nothing reaches."""


class CrossFitted(Struct, frozen=True, kw_only=True):
    """Best-of-n that stops at the first score above a bar, on problems that did not set the bar."""

    n: int
    accuracy: Estimate
    full: Estimate
    """Of best-of-n on the same draws."""
    difference: Estimate
    share: Estimate
    """Of the draws that best-of-n takes."""
    thresholds: tuple[float, float]
    """The lowest and the highest that were learnt; 1 where nothing was to stop early."""


def cross_fitted(
    pool: Pool, n: int, *, orders: int = ORDERS, margin: float = MARGIN, seed: int = 0
) -> CrossFitted:
    """The cheapest threshold that is not inferior by `margin` where it is learnt, elsewhere.

    Not inferior: the one-sided 95 % bound of the paired difference to best-of-n lies above it.

    Raises `UsageError` where there are no scores, or fewer problems than folds.
    """
    if not pool.scored:
        raise UsageError(f"{pool.source} has no scores for {pool.setting!r}.")
    if len(pool.problems) < FOLDS:
        raise UsageError(f"{pool.source}: {FOLDS} problems are the fewest to cross-fit on.")
    bars = _bars(pool)
    right, taken = (
        np.stack(one) for one in zip(*(_stops(d, n, bars, orders) for d in pool), strict=True)
    )
    full = np.array([_full(draws, n, orders) for draws in pool])
    most = np.array([min(n, draws.n) for draws in pool], dtype=np.float64)
    chosen = list(_learnt(right, taken, full[:, 0], margin, seed))
    picked_right, picked_taken = np.zeros(len(most)), np.zeros(len(most))
    for held, bar in chosen:
        picked_right[held] += right[held, bar] / REPEATS
        picked_taken[held] += taken[held, bar] / REPEATS
    rates = np.stack([picked_right, full[:, 0], picked_taken / most], axis=1)
    accuracy, whole, share = Resampler(len(most), seed=seed).estimates(rates)
    gaps = (picked_right - full[:, 0])[:, None]
    [difference] = Resampler(len(most), seed=seed).estimates(gaps, least=-1.0)
    used = [min(1.0, float(bars[bar])) for _, bar in chosen]
    return CrossFitted(
        n=n,
        accuracy=accuracy,
        full=whole,
        difference=difference,
        share=share,
        thresholds=(min(used), max(used)),
    )


def _bars(pool: Pool) -> Floats:
    scores = np.concatenate([draws.scores[draws.scored] for draws in pool])
    levels = np.unique(np.quantile(scores, np.linspace(0, 1, GRID)))
    return np.append(levels, np.inf)


def _stops(draws: Draws, n: int, bars: Floats, orders: int) -> tuple[Floats, Floats]:
    """By threshold: how often stopping there is right, and draws taken; means over orders."""
    right, taken = np.zeros(len(bars)), np.zeros(len(bars))
    for trail in trails(draws, "best", orders):
        most = min(n, draws.n)
        reached = np.nan_to_num(trail.draws.scores[:most], nan=-1.0)[:, None] >= bars
        stop = np.where(reached.any(axis=0), reached.argmax(axis=0), most - 1)
        right += trail.right[stop] / orders
        taken += (stop + 1) / orders
    return right, taken


def _full(draws: Draws, n: int, orders: int) -> list[float]:
    found = [trail.right[min(n, draws.n) - 1] for trail in trails(draws, "best", orders)]
    return [float(np.mean(found))]


def _learnt(
    right: Floats, taken: Floats, full: Floats, margin: float, seed: int
) -> Iterator[tuple[Ints, int]]:
    """Held-out problems, and the place of the threshold that the others taught."""
    random = np.random.default_rng(seed)
    for _ in range(REPEATS):
        for held in np.array_split(random.permutation(len(full)), FOLDS):
            rest = np.setdiff1d(np.arange(len(full)), held)
            gaps = right[rest] - full[rest, None]
            low = gaps.mean(axis=0) - SURE * gaps.std(axis=0) / np.sqrt(len(rest))
            cost = np.where(low >= -margin, taken[rest].mean(axis=0), np.inf)
            yield held, int(np.argmin(cost))
