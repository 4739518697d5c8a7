"""Cascades of recorded pools at every budget: what `tts cascade` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar, get_args

import numpy as np
from msgspec import Struct

from tts.errors import UnknownName, UsageError
from tts.eval.cascade.fit import FEWEST, AtBudget, at_budgets
from tts.eval.cascade.regret import Regret, regrets
from tts.eval.cascade.search import frontier
from tts.eval.cascade.stages import Cost, Signal, Tables, stages_of
from tts.eval.replay.costs import known
from tts.eval.replay.pool import Pool

SIGNALS: tuple[Signal, ...] = get_args(Signal)
COSTS: tuple[Cost, ...] = get_args(Cost)
T = TypeVar("T", bound=str)
POINTS = 6
"""Budgets that are told where none are named, from the cheapest setting to the dearest that pays."""


class CascadeReport(Struct, frozen=True, kw_only=True):
    """Everything that the terminal and `--json` show."""

    signal: Signal
    cost: Cost
    depth: int
    problems: int
    settings: tuple[str, ...]
    points: tuple[AtBudget, ...]
    regrets: tuple[Regret, ...]
    notes: tuple[str, ...]


def cascades(
    pools: Sequence[Pool],
    *,
    signal: str = "agreement",
    cost: str = "",
    budgets: Sequence[float] = (),
    depth: int = 2,
    seed: int = 0,
) -> CascadeReport:
    """Cascades of these models' recorded draws beside the best fixed setting.

    `signal` and `cost` are a `Signal` and a `Cost`; without a cost dollars where two prices are
    known, else tokens. Budgets are a problem's. Raises `UnknownName` or `UsageError` where there is nothing to cascade.
    """
    if not 1 <= depth <= 4:
        raise UsageError(f"A cascade has 1 to 4 stages, not {depth}.")
    if wrong := [budget for budget in budgets if not budget > 0]:
        raise UsageError(f"--at: a budget is above 0, not {wrong[0]:g}.")
    looked_at = _named(signal, SIGNALS, "signal")
    priced = sum(pool.priced for pool in pools) >= 2
    unit = _named(cost or ("dollars" if priced else "tokens"), COSTS, "cost")
    usable = [pool for pool in pools if known(pool, unit)]
    _refuse(usable, looked_at, unit)
    tables = stages_of(usable, looked_at, unit)
    asked = tuple(budgets) or _budgets(tables)
    points = at_budgets(tables, asked, depth, seed=seed)
    return CascadeReport(
        signal=looked_at,
        cost=unit,
        depth=depth,
        problems=len(tables.problems),
        settings=tuple(pool.setting for pool in usable),
        points=points,
        regrets=regrets(tables, asked),
        notes=tuple(_notes(pools, usable, tables, asked, points, unit)),
    )


def _named(name: str, known_: Sequence[T], kind: str) -> T:
    if name not in known_:
        raise UnknownName(kind, name, known_, flag=f"--{kind}")
    return known_[known_.index(name)]


def _refuse(pools: Sequence[Pool], signal: Signal, cost: Cost) -> None:
    """A ladder needs two rungs, and somebody who can say how sure they are."""
    if not pools:
        what = {
            "dollars": "the price of no model is known; --prices FILE tells it",
            "seconds": "no model has seconds for every draw",
        }
        raise UsageError(f"--cost {cost}: {what.get(cost, 'nothing is recorded')}.")
    if len(pools) < 2:
        raise UsageError(
            f"{pools[0].setting!r} is one model whose {cost} are known: a cascade takes two or more."
        )
    if not any(pool.scored if signal == "score" else pool.votes for pool in pools):
        lacks = "scores" if signal == "score" else "answers to vote with"
        raise UsageError(f"--signal {signal}: no model has {lacks}.")


def _budgets(tables: Tables) -> tuple[float, ...]:
    found = frontier(tables, np.arange(len(tables.problems)), 1).cost
    low, high = float(found[0]), float(found[-1])
    return tuple(float(f"{one:.2g}") for one in np.geomspace(low * 1.1, high * 1.5, POINTS))


def _notes(
    pools: Sequence[Pool],
    usable: Sequence[Pool],
    tables: Tables,
    asked: Sequence[float],
    points: Sequence[AtBudget],
    cost: Cost,
) -> Iterator[str]:
    if unknown := [pool.setting for pool in pools if pool not in usable]:
        yield f"The {cost} of {len(unknown)} of {len(pools)} models are unknown, {unknown[0]!r} first: they take no part."
    told = {point.budget for point in points}
    if too_low := [budget for budget in asked if budget not in told]:
        cheapest = float(tables.cost.mean(axis=1).min())
        yield f"{too_low[0]:g} a problem pays for no setting: the cheapest takes {cheapest:.3g}."
    if len(tables.problems) < FEWEST:
        yield f"{len(tables.problems)} problems are too few to choose on some and judge on others: {FEWEST} are needed."
    short = [pool.setting for pool in usable if len(pool.problems) < len(tables.problems)]
    if short:
        yield f"{len(short)} of {len(usable)} models have no draw of some problems, {short[0]!r} first: there they pass on, or are wrong."
