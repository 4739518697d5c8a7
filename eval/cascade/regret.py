"""What a fixed setting loses to whoever chooses for each problem: the model, the effort, N, or all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from tts.eval.allocate import Curves, by_price
from tts.eval.cascade.search import frontier
from tts.eval.cascade.stages import Stage, Tables


class Regret(Struct, frozen=True, kw_only=True):
    """Losses in accuracy to oracles of the same budget a problem, each of which chooses one thing
    for each problem and has the others as the best fixed setting has them."""

    budget: float
    fixed: str
    accuracy: float
    model: float
    """Each model at its best effort, as many draws."""
    effort: float
    """The same model, as many draws."""
    draws: float
    """The same model and effort."""
    all: float
    """Any of them."""


def regrets(tables: Tables, budgets: Sequence[float]) -> tuple[Regret, ...]:
    """By budget, the shadow price over chances that nobody has before: an upper bound, and with few
    draws on record a noisy one. A problem may also be given up, for others. Budgets that pay for no
    setting are left out."""
    every = np.arange(len(tables.problems))
    best = frontier(tables, every, 1)
    found = []
    for budget in budgets:
        cascade = best.within(budget)
        if cascade is None:
            continue
        at = cascade.stages[0]
        own, accuracy = tables.stages[at], float(tables.right[at].mean())
        found.append(
            Regret(
                budget=budget,
                fixed=own.spelled(),
                accuracy=accuracy,
                model=_oracle(tables, _models(tables, own), budget) - accuracy,
                effort=_oracle(tables, _efforts(tables, own), budget) - accuracy,
                draws=_oracle(tables, _sizes(tables, own), budget) - accuracy,
                all=_oracle(tables, _fixed(tables), budget) - accuracy,
            )
        )
    return tuple(found)


def _oracle(tables: Tables, stages: Sequence[int], budget: float) -> float:
    """The most that a budget reaches if each problem has whichever of these is best for it."""
    right, cost = tables.right[list(stages)].T, tables.cost[list(stages)].T
    order = np.argsort(cost, axis=1, kind="stable")
    nothing = np.zeros((len(right), 1))
    curves = Curves.of(
        np.hstack([nothing, np.take_along_axis(cost, order, axis=1)]),
        np.hstack([nothing, np.take_along_axis(right, order, axis=1)]),
    )
    return by_price(curves, budget * len(right)).value / len(right)


def _fixed(tables: Tables) -> list[int]:
    return [at for at, stage in enumerate(tables.stages) if not stage.bar]


def _sizes(tables: Tables, own: Stage) -> list[int]:
    return [at for at in _fixed(tables) if tables.stages[at].setting == own.setting]


def _efforts(tables: Tables, own: Stage) -> list[int]:
    return [at for at in _alike(tables, own) if _model(tables.stages[at]) == _model(own)]


def _models(tables: Tables, own: Stage) -> list[int]:
    """Of each model the effort that is right most often; of its own model the setting itself."""
    found = dict[str, int]()
    for at in sorted(_alike(tables, own), key=lambda one: float(-tables.right[one].mean())):
        found.setdefault(_model(tables.stages[at]), at)
    return [at for name, at in found.items() if name != _model(own)] + [tables.stages.index(own)]


def _alike(tables: Tables, own: Stage) -> list[int]:
    """Fixed settings with as many draws."""
    return [at for at in _fixed(tables) if tables.stages[at].n == own.n]


def _model(stage: Stage) -> str:
    """The name before an effort (`name|effort`)."""
    return stage.setting.partition("|")[0]
