"""How many draws a selector is worth: best-of-k under an imperfect verifier turns down."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tts.eval.replay.expectation import Sizes
from tts.eval.replay.pool import Floats, Ints
from tts.eval.replay.resample import Resampler, redrawn
from tts.eval.statistics import Estimate

FOLDS, RESAMPLES = 5, 1_000
CONFIDENCE = 0.95
EVERY = 32
"""Sizes up to which each is tried; beyond, a quarter more each time."""


class Turning(Struct, frozen=True, kw_only=True):
    """Where the curve of a selector over the number of draws is highest."""

    n: int
    """The fewest draws that give the most."""
    low: int
    """Of 95 % of resamples of the problems the peak lies within `low` … `high`."""
    high: int
    most: int
    """Draws that every problem has."""
    gain: Estimate
    """Accuracy that stopping there has over `most` draws: paired, and each problem judged by an N
    that the others chose, so that no noise is taken for a peak."""

    @property
    def turns(self) -> bool:
        """Whether more draws are decidedly worse."""
        return self.gain.low > 0


def sizes_tried(most: int) -> Sizes:
    """Every size at first, then ever fewer, and the most."""
    found = list(range(1, min(most, EVERY) + 1))
    while found[-1] < most:
        found.append(min(most, found[-1] * 5 // 4))
    return tuple(found)


def turning(table: Floats, sizes: Sizes, *, seed: int = 0) -> Turning:
    """The peak of a selector's curve (problems, sizes), its sizes ascending and all draws last.

    The peak is the fewest draws of the highest mean: more that gain nothing cost only.
    """
    random = np.random.default_rng(seed)
    problems = len(table)
    at = _peak(table.mean(axis=0)[None, :])[0]
    weights = redrawn(random, problems, RESAMPLES)
    peaks = np.sort(_peak(weights @ table / problems))
    tail = int((1 - CONFIDENCE) / 2 * RESAMPLES)
    chosen = _chosen_by_others(table, random.permutation(problems) % FOLDS)
    gains = table[np.arange(problems), chosen] - table[:, -1]
    [gain] = Resampler(problems, seed=seed).estimates(gains[:, None], least=-1.0)
    return Turning(
        n=sizes[at],
        low=sizes[min(at, peaks[tail])],
        high=sizes[max(at, peaks[-1 - tail])],
        most=sizes[-1],
        gain=gain,
    )


def _peak(means: Floats) -> Ints:
    """The first of the highest places of each row, as far as floats can tell them apart."""
    highest = means.max(axis=1, keepdims=True)
    found: Ints = np.argmax(means >= highest - 1e-12, axis=1)
    return found


def _chosen_by_others(table: Floats, folds: Ints) -> Ints:
    """By problem, the place of the peak over the problems of the other folds."""
    chosen = np.full(len(table), table.shape[1] - 1)
    for fold in np.unique(folds):
        others = table[folds != fold]
        if len(others):
            chosen[folds == fold] = _peak(others.mean(axis=0)[None, :])[0]
    return chosen
