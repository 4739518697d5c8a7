"""The shadow price: every problem buys what is worth its price, and what never is, is given up.

A multiple-choice knapsack (Sinha & Zoltners 1979). Only options on the upper hull of a curve are
bought at any price, so a curve that stays flat before it rises is bought whole or not at all, which
a climb by the next unit's gain does not see. The steps along all hulls, steepest first, are the
optimum of the relaxed problem; its value bounds every allocation, and what lies between them is
searched exactly (`core.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from tts.eval.allocate.core import closed
from tts.eval.allocate.curves import Allocation, Curves, Floats, Ints

AT_ONCE = 1 << 13
"""Problems whose hulls are found together: their columns stay in the processor's cache."""
NEAR = 1e-5
"""A gap to the bound, as a share of it, that is not worth a search."""
FEW, SAMPLE = 100_000, 1_001
"""Steps that are sorted at once, and of more how many stand for all in a median."""
LARGE = 5_000_000
"""Options from which on the gap, at most one problem's, is not searched either."""


class Steps(Struct, frozen=True):
    """The steps along the upper hulls of all curves; those of a problem in their order."""

    problem: Ints
    option: Ints
    """Where the step leads."""
    cost: Floats
    slope: Floats
    """Gain per unit; from step to step of a problem it falls, or stays."""
    start: Ints
    """The option that each problem begins with."""

    def bought(self, room: float) -> tuple[Ints, float]:
        """The places of the steepest steps that so much pays for, and the slope of the next one.

        Found as a median is: parted about a pivot until few are left to sort.
        """
        open_ = np.arange(len(self.slope), dtype=np.int32)
        paid = list[Ints]()
        while len(open_) > FEW:
            slopes = self.slope[open_]
            above = slopes > np.median(slopes[:: len(open_) // SAMPLE])
            steep = open_[above]
            if not 0 < len(steep) < len(open_):
                break
            cost = float(self.cost[steep].sum())
            open_ = steep if cost > room else open_[~above]
            if cost <= room:
                paid, room = [*paid, steep], room - cost
        order = open_[np.argsort(-self.slope[open_], kind="stable")]
        fit = int(np.searchsorted(np.cumsum(self.cost[order]), room, side="right"))
        price = float(self.slope[order[fit]]) if fit < len(order) else 0.0
        return np.sort(np.concatenate([*paid, order[:fit]])), price


def by_price(curves: Curves, budget: float) -> Allocation:
    """The best allocation of a budget that is found, with a bound on any.

    10⁶ problems of 17 options take seconds. Raises `BadInput` where the budget does not pay for
    the first options.
    """
    curves.check(budget)
    steps = steps_of(curves)
    paid, price = steps.bought(budget - curves.least)
    choice = steps.start.copy()
    # The last of equal indices is what stays: the farthest step of each problem.
    choice[steps.problem[paid]] = steps.option[paid]
    found = curves.taken(choice, price=price)
    bound = found.value + price * max(0.0, budget - found.spent)
    gap = bound - found.value
    if gap > NEAR * abs(bound) and curves.values.size <= LARGE:
        choice = closed(curves, choice, budget, price, gap)
    return curves.taken(choice, bound=bound, price=price)


def steps_of(curves: Curves) -> Steps:
    """The steps of all problems."""
    parts = [part for start in range(0, curves.problems, AT_ONCE) for part in _hulls(curves, start)]
    problem, option, cost, slope = map(np.concatenate, zip(*parts, strict=True))
    return Steps(problem, option, cost, slope, _first(curves.table, curves.values))


def _first(costs: Floats, values: Floats) -> Ints:
    """The best of the options that cost no more than the first; (problems, options)."""
    found: Ints = np.where(costs <= costs[:, :1], values, -np.inf).argmax(axis=1)
    return found


def _hulls(curves: Curves, at: int) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
    """Some problems' hulls, a step of all of them after another: problem, option, cost, slope."""
    costs = np.ascontiguousarray(curves.table[at : at + AT_ONCE].T, dtype=np.float64)
    values = np.ascontiguousarray(curves.values[at : at + AT_ONCE].T, dtype=np.float64)
    steps = np.diff(costs, axis=0)
    with np.errstate(invalid="ignore"):
        slopes = np.divide(
            np.diff(values, axis=0), steps, out=np.zeros(steps.shape), where=steps > 0
        )
    falling = (slopes[1:] <= slopes[:-1]).all(axis=0) & (steps > 0).all(axis=0)
    if falling.any():
        option, place = np.nonzero((slopes > 0) & falling)
        yield _as_told(at + place, option + 1, steps[option, place], slopes[option, place])
    places = np.flatnonzero(~falling)
    for place, option, step, slope in _wrapped(costs[:, places], values[:, places]):
        yield _as_told(at + places[place], option, step, slope)


def _as_told(
    problem: Ints, option: Ints, cost: Floats, slope: Floats
) -> tuple[Ints, Ints, Floats, Floats]:
    """In as little memory as a million problems leave."""
    return problem.astype(np.int32), option.astype(np.int16), cost, slope


def _wrapped(costs: Floats, values: Floats) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
    """Gift wrapping (Jarvis 1973) of (options, problems); its rounds are as many as the longest hull
    has steps."""
    places: Ints = np.arange(costs.shape[1])
    here = _first(costs.T, values.T)
    before = np.full(len(places), np.inf)
    while len(places):
        slope, there = _steepest(costs, values, here)
        goes = slope > 0
        if not goes.all():
            costs, values, places = costs[:, goes], values[:, goes], places[goes]
            slope, here, there, before = slope[goes], here[goes], there[goes], before[goes]
        rows = np.arange(len(places))
        # Rounding must not let a problem's later step come before an earlier one.
        before = np.minimum(slope, before)
        yield places, there, costs[there, rows] - costs[here, rows], before
        here = there


def _steepest(costs: Floats, values: Floats, here: Ints) -> tuple[Floats, Ints]:
    """The greatest gain per unit from where each problem stands, and the farthest option that has
    it; slope 0 where nothing gains."""
    rows = np.arange(costs.shape[1])
    cost, value = costs[here, rows], values[here, rows]
    slope, there = np.zeros(len(rows)), here.copy()
    for option in range(int(here.min(initial=0)) + 1, len(costs)):
        step = costs[option] - cost
        gain = np.divide(values[option] - value, step, out=np.zeros(len(rows)), where=step > 0)
        better = (gain >= slope) & (gain > 0)
        slope = np.where(better, gain, slope)
        there = np.where(better, option, there)
    return slope, there
