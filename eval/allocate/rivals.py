"""The published rules beside the shadow price, and the same amount for everyone."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.allocate.curves import Allocation, Curves, Floats, Ints


def by_gain(curves: Curves, budget: float) -> Allocation:
    """The next unit goes where it gains most (Damani et al. 2025): exact where gains fall.

    Where a curve is flat before it rises, the flat unit is never bought, nor what lies behind it.
    A problem's later units wait for its earlier ones, so each is worth the least gain before it;
    the first unit that does not fit ends the allocation.
    """
    curves.check(budget)
    # Missing options are worth −inf, and two of them differ by nothing that is a number.
    with np.errstate(invalid="ignore", divide="ignore"):
        costs = np.diff(curves.table, axis=1)
        rates = np.nan_to_num(np.diff(curves.values, axis=1) / costs, nan=-np.inf)
    rates = np.minimum.accumulate(rates, axis=1).ravel()
    order = np.argsort(-rates, kind="stable")
    order = order[: int(np.count_nonzero(rates > 0))]
    taken = np.searchsorted(np.cumsum(costs.ravel()[order]), budget - curves.least, side="right")
    bought = np.bincount(order[:taken] // costs.shape[1], minlength=curves.problems)
    price = float(rates[order[taken]]) if taken < len(order) else 0.0
    return curves.taken(bought, price=price)


def evenly(curves: Curves, budget: float) -> Allocation:
    """The dearest option that every problem can have alike; a problem without it keeps its last."""
    curves.check(budget)
    there = np.isfinite(curves.values)
    farthest = np.maximum.accumulate(np.where(there, np.arange(curves.options), 0), axis=1)
    sums = np.take_along_axis(curves.table, farthest, axis=1).sum(axis=0)
    option = max(0, int(np.searchsorted(sums, budget * (1 + 1e-12), side="right")) - 1)
    return curves.taken(farthest[:, option])


class Eliminated(Struct, frozen=True, kw_only=True):
    """What drawing for whoever is not done yet took and gave."""

    draws: Ints
    """Of each problem."""
    best: Floats
    """The highest reward that each has, 0 without a draw."""
    spent: float


def elimination(
    rewards: Floats,
    costs: Floats,
    budget: float,
    *,
    bar: float = 1.0,
    give_up: int | None = None,
    confidence: float | None = None,
) -> Eliminated:
    """Draw for every problem that is not done, round after round, until the budget ends; one whose
    reward reaches the bar is done (Zuo & Zhu 2026), one without luck after `give_up` draws, too.

    `rewards` and `costs` are (problems, draws): what each draw, in its order, would give and take.
    With a confidence the rounds go by upper bound: of those that are not done, whose mean reward
    plus √(confidence · ln t / n) is highest, t being all draws so far and n its own.
    """
    if rewards.shape != costs.shape or rewards.ndim != 2:
        raise BadInput("Rewards and costs are two tables of equal shape: a row for each problem.")
    most = rewards.shape[1] if give_up is None else min(give_up, rewards.shape[1])
    walk = _Walk(rewards[:, :most], costs[:, :most], budget, bar)
    return walk.rounds() if confidence is None else walk.by_bound(confidence)


class _Walk:
    """The draws of a set, one after another under one budget."""

    def __init__(self, rewards: Floats, costs: Floats, budget: float, bar: float) -> None:
        self._rewards, self._costs, self._budget = rewards, costs, budget
        reached = rewards >= bar
        self._last = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, rewards.shape[1])

    def rounds(self) -> Eliminated:
        """One draw each a round, in order; the first draw that does not fit ends it."""
        count, options = self._rewards.shape
        wanted = np.arange(options)[None, :] < self._last[:, None]
        spent = np.cumsum(np.where(wanted, self._costs, 0.0).T.ravel())
        taken = (spent <= self._budget).reshape(options, count).T & wanted
        return self._told(taken.sum(axis=1))

    def by_bound(self, confidence: float) -> Eliminated:
        """One draw at a time, to whose upper bound is highest; never drawn goes first."""
        draws, sums, left = (
            np.zeros(len(self._last), dtype=np.int64),
            np.zeros(len(self._last)),
            self._budget,
        )
        while (live := np.flatnonzero(draws < self._last)).size:
            seen = np.maximum(draws[live], 1)
            wide = np.sqrt(confidence * np.log(max(2, int(draws.sum()))) / seen)
            index = np.where(draws[live] > 0, sums[live] / seen + wide, np.inf)
            one = int(live[np.argmax(index)])
            left -= float(self._costs[one, draws[one]])
            if left < 0:
                break
            sums[one] += self._rewards[one, draws[one]]
            draws[one] += 1
        return self._told(draws)

    def _told(self, draws: Ints) -> Eliminated:
        taken = np.arange(self._rewards.shape[1])[None, :] < draws[:, None]
        return Eliminated(
            draws=draws,
            best=np.where(taken, self._rewards, 0.0).max(axis=1, initial=0.0),
            spent=float(self._costs[taken].sum()),
        )
