"""Compute-optimal: for each predicted difficulty the setting that is right most often for its cost.

Snell et al. (2024, section 3.2) choose by bin on some problems and judge on others. Many settings on
few problems are a lottery, so what a bin says of a setting is shrunk towards what all problems say of
it, and bins are taken at all only where choosing by them was no worse on problems that it was not
chosen on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from tts.errors import UsageError
from tts.eval.allocate import Curves, by_price
from tts.eval.calibration.fit import logistic
from tts.eval.calibration.grid.options import Grid, Option, Probe
from tts.eval.replay.pool import Flags, Floats, Ints
from tts.strategies.allocation.difficulty import LIU, Difficulty, Feature, Sight, quantile_edges

BinKind = Literal["none", "snell", "liu"]
KAPPA = 10.0
"""Problems of all difficulties that stand beside those of one bin."""
WORTH = 0.5
"""Problems of its bin that a dearer setting has to win where the budget would pay for it."""
FEATURES: tuple[Feature, ...] = ("constant", "best", "mean", "agreement", "answered", "length")


class Wish(Struct, frozen=True, kw_only=True):
    """What a problem may cost: a budget on the average of the set, or a price that is paid."""

    budget: float | None = None
    price: float | None = None
    """Accuracy that a unit is worth."""


class Fit(Struct, frozen=True, kw_only=True):
    """What is chosen: one setting for all, or one by predicted difficulty."""

    choice: tuple[int, ...]
    """The option of each bin, 1 the easiest; one alone: for all."""
    difficulty: Difficulty | None = None
    fixed: int
    """The best option for all, by the same problems and the same wish."""

    def bins(self, probe: Probe | None) -> Ints:
        """The place in `choice` of each problem."""
        if self.difficulty is None or probe is None:
            raise UsageError("One setting for all knows no bins.")
        return np.array([self.difficulty.bin(one) - 1 for one in probe.sights])

    def taken(self, grid: Grid) -> Ints:
        """The option of each problem."""
        if self.difficulty is None:
            return np.full(len(grid.problems), self.choice[0])
        return np.array(self.choice)[self.bins(grid.probe)]

    def followed(self, grid: Grid) -> tuple[Floats, Floats]:
        """By problem, whether it was right and what it cost."""
        rows, taken = np.arange(len(grid.problems)), self.taken(grid)
        costs = grid.costs(probed=self.difficulty is not None)
        return grid.right[rows, taken], costs[rows, taken]


def choose(folds: tuple[Grid, Grid], both: Grid, wish: Wish, bins: BinKind) -> Fit:
    """By difficulty, if that is no worse on the fold that it was not chosen on; else one for all.

    Raises `UsageError` where the budget pays for no setting.
    """
    whole = fit(both, wish, "none")
    if bins == "none":
        return whole
    gaps: list[Floats] = []
    for taught, judges in (folds, folds[::-1]):
        kinds = [fit(taught, wish, kind).followed(judges) for kind in (bins, "none")]
        worth = [right - (wish.price or 0.0) * cost for right, cost in kinds]
        gaps.append(worth[0] - worth[1])
    return fit(both, wish, bins) if np.concatenate(gaps).mean() > 0 else whole


def fit(grid: Grid, wish: Wish, bins: BinKind) -> Fit:
    """The choice on these problems."""
    every = np.zeros(len(grid.problems), dtype=np.int64)
    [fixed] = by_bins(grid, every, grid.costs(probed=False), wish)
    if bins == "none":
        return Fit(choice=(fixed,), fixed=fixed)
    if grid.probe is None:
        raise UsageError(
            "Bins are told by draws: record a best_of_n or majority_vote of the default model, with "
            "the fewest draws that a problem is to get, or give --bins none."
        )
    difficulty = guess(grid.probe, bins)
    told = np.array([difficulty.bin(one) - 1 for one in grid.probe.sights])
    costs = grid.costs(probed=True)
    if wish.budget is not None and costs.mean(axis=0).min() > wish.budget:
        return Fit(choice=(fixed,), fixed=fixed)
    choice = by_bins(grid, told, costs, wish, bins=difficulty.bins)
    return Fit(choice=tuple(choice), difficulty=difficulty, fixed=fixed)


def by_bins(grid: Grid, told: Ints, costs: Floats, wish: Wish, *, bins: int = 1) -> tuple[int, ...]:
    """Of each bin the option whose expected accuracy is worth most beside its cost."""
    right, size = grid.right, np.bincount(told, minlength=bins)
    value, cost = (np.zeros((bins, right.shape[1])) for _ in range(2))
    for at in range(bins):
        mine = told == at
        value[at] = (right[mine].sum(axis=0) + KAPPA * _expected(right, mine)) / (size[at] + KAPPA)
        cost[at] = costs[mine].mean(axis=0) if size[at] else costs.mean(axis=0)
    if wish.price is not None:
        return tuple(int(one) for one in np.argmax(value - wish.price * cost, axis=1))
    share = np.maximum(size, 1e-9)[:, None] / max(len(told), 1)
    taken = _within(value * share, cost * share, wish.budget or 0.0, grid.unit)
    return tuple(
        _cheapest(value[at], cost[at], one, WORTH / max(int(size[at]), 1))
        for at, one in enumerate(taken)
    )


def _cheapest(value: Floats, cost: Floats, chosen: int, less: float) -> int:
    """The cheapest setting that is expected to be as good but for so little."""
    good = np.flatnonzero(value >= value[chosen] - less)
    return int(good[np.argmin(cost[good])])


def _expected(right: Floats, mine: Flags) -> Floats:
    """Of each setting, if bin and setting told all: their log odds add up (Rasch 1960)."""
    shift = _log_odds(right[mine]) - _log_odds(right)
    odds = np.array([_log_odds(one) for one in right.T]) + shift
    return np.asarray(1 / (1 + np.exp(-odds)))


def _log_odds(right: Floats) -> float:
    """Of a mean, with half a problem of either kind beside it."""
    return float(np.log((right.sum() + 0.5) / ((1 - right).sum() + 0.5)))


def _within(value: Floats, cost: Floats, budget: float, unit: str) -> tuple[int, ...]:
    """By the shadow price over the bins."""
    order = np.argsort(cost, axis=1, kind="stable")
    curves = Curves.of(
        np.take_along_axis(cost, order, axis=1), np.take_along_axis(value, order, axis=1)
    )
    if curves.least > budget:
        raise UsageError(
            f"A budget of {budget:g} {unit} pays for no setting: the cheapest takes "
            f"{curves.least:.4g} a problem."
        )
    taken = by_price(curves, budget).choice
    return tuple(int(order[row, place]) for row, place in enumerate(taken))


def guess(probe: Probe, bins: BinKind) -> Difficulty:
    """A logistic guess of a draw's chance to be right from what the probe shows."""
    typical: dict[Feature, float] = {name: _typical(probe.sights, name) for name in FEATURES}
    rows = np.array(
        [
            [typical[name] if sight[name] is None else sight[name] for name in FEATURES]
            for sight in probe.sights
        ],
        dtype=np.float64,
    )
    weights = logistic(rows, probe.chances)
    found = Difficulty(
        weights=dict(zip(FEATURES, map(float, weights), strict=True)),
        typical=typical,
        probes=probe.option.draws,
    )
    hopes = [found.hope(sight) for sight in probe.sights]
    edges = LIU if bins == "liu" else quantile_edges(hopes)
    return found.model_copy(update={"edges": edges})


def _typical(sights: Sequence[Sight], name: Feature) -> float:
    known = [value for one in sights if (value := one[name]) is not None]
    return float(np.mean(known)) if known else 0.5


def spelled(options: Sequence[Option], choice: Sequence[int]) -> tuple[str, ...]:
    """The labels of a choice."""
    return tuple(options[at].label for at in choice)
