"""What the settings did where they were fitted, and what their choice does on other problems."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tts.eval.calibration.grid.choose import Fit, Wish, by_bins
from tts.eval.calibration.grid.options import Grid, Probe
from tts.eval.calibration.judge import Bootstrap
from tts.eval.metrics.verifier import calibration
from tts.eval.replay.pool import Floats
from tts.strategies.allocation.difficulty import quantile_edges
from tts.strategies.allocation.policy import BinHeldOut, GridHeldOut, Interval, Measured

SURE = 0.5
"""A chance of a right draw from which on a problem is taken to be easy."""


def measured(grid: Grid, found: Fit, *, seed: int = 0) -> Iterator[Measured]:
    """Every setting in every bin, with intervals over the problems."""
    probed = found.difficulty is not None
    told = found.bins(grid.probe) if probed else np.zeros(len(grid.problems), dtype=np.int64)
    right, costs = grid.right, grid.costs(probed=probed)
    for place, chosen in enumerate(found.choice):
        mine = told == place
        if not mine.any():
            continue
        boot = Bootstrap(int(mine.sum()), seed)
        for at, option in enumerate(grid.options):
            yield Measured(
                bin=place + 1 if probed else 0,
                setting=option.label,
                problems=int(mine.sum()),
                accuracy=boot.mean(right[mine, at]),
                cost=boot.mean(costs[mine, at]),
                chosen=at == chosen,
            )


def judge(held: Grid, found: Fit, taught: Grid | None, wish: Wish, *, seed: int = 0) -> GridHeldOut:
    """On problems that it was not chosen on; `taught` are those that it was, for the oracle."""
    right, cost = found.followed(held)
    fixed = Fit(choice=(found.fixed,), fixed=found.fixed)
    even, spent = fixed.followed(held)
    boot = Bootstrap(len(held.problems), seed)
    return GridHeldOut(
        problems=len(held.problems),
        accuracy=boot.mean(right),
        cost=boot.mean(cost),
        fixed_accuracy=boot.mean(even),
        fixed_cost=boot.mean(spent),
        difference=boot.mean(right - even),
        oracle=_oracle(held, taught, wish, boot),
        ece=_error(held.probe, found),
        slices=tuple(_slices(held, found, right, cost)),
    )


def _oracle(held: Grid, taught: Grid | None, wish: Wish, boot: Bootstrap) -> Interval | None:
    """By fifths of the true share of right draws, which nobody has before and which costs nothing."""
    if held.probe is None or taught is None or taught.probe is None:
        return None
    edges = quantile_edges([float(one) for one in taught.probe.chances])
    told, now = (np.searchsorted(edges, one.chances, "right") for one in (taught.probe, held.probe))
    costs = taught.costs(probed=False)
    choice = by_bins(taught, told, costs, wish, bins=len(edges) + 1)
    taken = np.array(choice)[now]
    return boot.mean(held.right[np.arange(len(taken)), taken])


def _error(probe: Probe | None, found: Fit) -> float | None:
    if probe is None or found.difficulty is None:
        return None
    hopes = map(found.difficulty.hope, probe.sights)
    return calibration(
        [(hope, float(one)) for hope, one in zip(hopes, probe.chances, strict=True)]
    ).ece


def _slices(held: Grid, found: Fit, right: Floats, cost: Floats) -> Iterator[BinHeldOut]:
    if held.probe is None or found.difficulty is None:
        return
    hopes = np.array([found.difficulty.hope(one) for one in held.probe.sights])
    told = found.bins(held.probe)
    for place, at in enumerate(found.choice):
        mine = told == place
        if mine.any():
            yield BinHeldOut(
                bin=place + 1,
                setting=held.options[at].label,
                problems=int(mine.sum()),
                accuracy=Bootstrap(int(mine.sum()), place).mean(right[mine]),
                cost=float(cost[mine].mean()),
                failed=round(float((1 - right)[mine & (hopes >= SURE)].sum())),
            )
