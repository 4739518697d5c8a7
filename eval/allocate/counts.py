"""Draws that check themselves: how many problems so many draws solve, by counts of successes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.allocate.curves import Curves, Floats, Ints
from tts.eval.allocate.price import by_price
from tts.eval.replay.resample import redrawn
from tts.eval.statistics import Estimate

AVERAGES = (4, 8, 16)
RESAMPLES = 1_000


class Solved(Struct, frozen=True, kw_only=True):
    """Problems expected to be solved with so many draws a problem on the average; intervals over
    problems."""

    average: float
    uniform: Estimate
    """As many for each."""
    elimination: Estimate
    """Round after round for those that are not solved yet."""
    difference: Estimate
    """Elimination less uniform, on the same problems."""
    known: float
    """Shadow price by the chances themselves, which nobody has, blind to what draws bring."""


def solved_at(
    successes: Sequence[int], draws: int, *, averages: Sequence[float] = AVERAGES, seed: int = 0
) -> tuple[Solved, ...]:
    """What each way solves of problems of which so many of `draws` recorded draws succeeded.

    Draws are taken without replacement, in random order. Raises `BadInput` where counts are none.
    """
    counts = np.asarray(successes, dtype=np.int64)
    if not len(counts) or counts.min() < 0 or counts.max() > draws:
        raise BadInput(f"Successes are counts between 0 and {draws}, one for each problem.")
    table = missed(counts, draws)
    return tuple(_solved(table, average, seed) for average in averages)


def missed(counts: Ints, draws: int) -> Floats:
    """Chance that none of the first 0, 1, … draws succeeds, (problems, draws + 1)."""
    left = draws - np.arange(draws)
    failing = np.maximum(left - counts[:, None], 0) / left
    found: Floats = np.cumprod(np.insert(failing, 0, 1.0, axis=1), axis=1)
    return found


def _solved(missed: Floats, average: float, seed: int) -> Solved:
    problems, most = len(missed), missed.shape[1] - 1
    weights = redrawn(np.random.default_rng(seed), problems, RESAMPLES)
    found = _means(np.vstack([np.ones((1, problems)), weights]), missed, average)
    uniform, elimination, gap = (_estimate(column) for column in found.T)
    curves = Curves.of(np.arange(most + 1), 1 - missed)
    return Solved(
        average=average,
        uniform=uniform,
        elimination=elimination,
        difference=gap,
        known=by_price(curves, average * problems).value,
    )


def _means(weights: Floats, missed: Floats, average: float) -> Floats:
    """Problems solved evenly, by elimination, and the second less the first; a row for each way to
    weigh the problems."""
    open_ = weights @ missed
    problems, most = weights.sum(axis=1), missed.shape[1] - 1
    low, share = int(min(average, most)), min(average, most) % 1
    evenly = problems - (open_[:, low] * (1 - share) + open_[:, min(low + 1, most)] * share)
    # After r rounds of those still open, their number summed over the rounds has been drawn.
    drawn = np.insert(np.cumsum(open_[:, :-1], axis=1), 0, 0.0, axis=1)
    eliminated = [
        every - np.interp(average * every, spent, left)
        for every, spent, left in zip(problems, drawn, open_, strict=True)
    ]
    return np.stack([evenly, eliminated, eliminated - evenly], axis=1)


def _estimate(found: Floats) -> Estimate:
    """Of the whole set, which goes before its resamples."""
    low, high = np.quantile(found[1:], [0.025, 0.975])
    return Estimate(float(found[0]), float(low), float(high))
