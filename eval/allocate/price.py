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
    parts: list[tuple[Ints, Ints, Floats, Floats]] = [
        (np.zeros(0, np.int32), np.zeros(0, np.int16), np.zeros(0), np.zeros(0))
    ]
    for start in range(0, curves.problems, AT_ONCE):
        parts += _hulls(curves, start)
    problem, option, cost, slope = map(np.concatenate, zip(*parts, strict=True))
    return Steps(problem, option, cost, slope, _first(curves.table, curves.values))


def _first(costs: Floats, values: Floats) -> Ints:
    """The best of the options that cost no more than the first; (problems, options)."""
    found: Ints = np.where(costs <= costs[:, :1], values, -np.inf).argmax(axis=1)
    return found


def _hulls(curves: Curves, at: int) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
    """Some problems' hulls, the first step of all of them, then the second: problem, option, cost,
    slope."""
    costs = np.ascontiguousarray(curves.table[at : at + AT_ONCE].T, dtype=np.float64)
    values = np.ascontiguousarray(curves.values[at : at + AT_ONCE].T, dtype=np.float64)
    hull = _Hull(costs, values, _first(costs.T, values.T))
    for option in range(1, len(costs)):
        hull.add(option)
    for step in range(1, int(hull.length.max())):
        places = np.flatnonzero(hull.length > step)
        here, there = hull.options[step - 1, places], hull.options[step, places]
        paid = costs[there, places] - costs[here, places]
        yield (at + places).astype(np.int32), there, paid, hull.slopes[step, places]


class _Hull:
    """The rising parts of many upper hulls, point by point (Andrew 1979)."""

    def __init__(self, costs: Floats, values: Floats, first: Ints) -> None:
        self._costs, self._values = costs, values
        self.options: Ints = np.zeros(costs.shape, dtype=np.int16)
        self.options[0] = first
        self.slopes = np.full(costs.shape, np.inf)
        """Of the step that leads to a point."""
        self.length: Ints = np.ones(costs.shape[1], dtype=np.int64)

    def add(self, option: int) -> None:
        """The next option: where it gains, it drops the points that it leaves below."""
        at = np.arange(len(self.length))
        at = at[self._values[option] > self._values[self.options[self.length - 1, at], at]]
        while len(at):
            length = self.length[at]
            last = self.options[length - 1, at]
            step = self._costs[option, at] - self._costs[last, at]
            gain = self._values[option, at] - self._values[last, at]
            slope = np.divide(gain, step, out=np.full(len(at), np.inf), where=step > 0)
            below = (slope >= self.slopes[length - 1, at]) & (length > 1)
            on, length = at[~below], length[~below]
            self.options[length, on], self.slopes[length, on] = option, slope[~below]
            self.length[on] = length + 1
            at = at[below]
            self.length[at] -= 1
