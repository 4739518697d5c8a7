"""A choice among settings in words: what each difficulty gets, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterator

from tts.strategies.allocation.policy import Cost, GridFit, GridHeldOut, Interval, Measured

MOST = 5
"""Settings that are shown of a bin, the most accurate first; the policy file has all."""


def grid_lines(grid: GridFit, unit: Cost) -> Iterator[str]:
    """For the terminal, a line each."""
    bins = dict.fromkeys(one.bin for one in grid.measured)
    for place in bins:
        mine = [one for one in grid.measured if one.bin == place]
        name = f"bin {place}" if place else "all problems"
        yield f"{name}, {mine[0].problems:,} problems of the fitting half"
        for one in shown(mine):
            mark = "→" if one.chosen else " "
            yield f" {mark} {one.setting}: {percent(one.accuracy)}, {amount(one.cost, unit)}"
    if grid.held_out is not None:
        yield from _judged(grid.held_out, grid, unit)


def shown(measured: list[Measured]) -> list[Measured]:
    """The chosen one and the most accurate others."""
    ranked = sorted(measured, key=lambda one: (not one.chosen, -one.accuracy.value, one.cost.value))
    return ranked[:MOST]


def _judged(held: GridHeldOut, grid: GridFit, unit: Cost) -> Iterator[str]:
    yield f"held out     {held.problems:,} problems, never seen by the choice"
    yield f"chosen       {percent(held.accuracy)}, {amount(held.cost, unit)} a problem"
    yield (
        f"fixed        {percent(held.fixed_accuracy)}, {amount(held.fixed_cost, unit)}: the best "
        f"one for all, {grid.fixed}"
    )
    yield f"difference   {points(held.difference)} points, paired"
    if held.oracle is not None:
        yield f"oracle       {percent(held.oracle)} if the difficulty were known for nothing"
    if held.ece is not None:
        yield f"ECE          {held.ece:.3f} of the predicted chance of a right draw"
    for one in held.slices:
        yield (
            f"  bin {one.bin}: {one.problems:,} problems, {one.setting}, {percent(one.accuracy)}, "
            f"{figure(one.cost, unit)}, {one.failed} wrong that looked easy"
        )


def percent(one: Interval) -> str:
    """With its interval."""
    return f"{100 * one.value:.1f} % [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def points(one: Interval) -> str:
    """Signed, with its interval."""
    value, low, high = (f"{100 * v:+.2f}" for v in (one.value, one.low, one.high))
    return f"{value} [{low}, {high}]".replace("-", "−")


def amount(one: Interval, unit: Cost) -> str:
    """With its interval."""
    return f"{figure(one.value, unit)} [{_bare(one.low, unit)}, {_bare(one.high, unit)}]"


def figure(value: float, unit: Cost) -> str:
    """As its unit is written."""
    told = _bare(value, unit)
    return f"${told}" if unit == "dollars" else f"{told} {unit.replace('_', ' ')}"


def _bare(value: float, unit: Cost) -> str:
    if unit in ("dollars", "flops"):
        return f"{value:.3g}"
    return f"{value:,.1f}" if unit == "seconds" or value < 10 else f"{value:,.0f}"
