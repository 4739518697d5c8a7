"""Cascades of stages: what each is expected to reach, and the best one for every budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from tts.eval.cascade.stages import Stage, Tables
from tts.eval.replay.pool import Floats, Ints

TAILS = 400
"""Endings of cascades that are tried behind every first stage: the best ones at as many costs."""


class Cascade(Struct, frozen=True, kw_only=True):
    """Stages by their numbers; each one passes on what it does not accept, the last one answers."""

    stages: tuple[int, ...]

    def spelled(self, stages: Sequence[Stage]) -> str:
        return "; else ".join(stages[at].spelled() for at in self.stages)


def followed(tables: Tables, stages: Sequence[int]) -> tuple[Floats, Floats]:
    """Chance to be right, and cost, of each problem under a cascade."""
    *before, last = stages
    right, cost = tables.right[last], tables.cost[last]
    for at in reversed(before):
        passed_on = 1 - tables.accepted[at]
        right = tables.accepted_right[at] + passed_on * right
        cost = tables.cost[at] + passed_on * cost
    return right, cost


class Frontier(Struct, frozen=True, kw_only=True):
    """Cascades that no cheaper one beats on the problems that they were searched on, cheapest first."""

    cascades: tuple[Cascade, ...]
    right: Floats
    cost: Floats

    def within(self, budget: float) -> Cascade | None:
        """The best one whose expected cost is within a budget; None: none is."""
        place = int(np.searchsorted(self.cost, budget * (1 + 1e-12), side="right"))
        return self.cascades[place - 1] if place else None


def frontier(tables: Tables, problems: Ints, depth: int) -> Frontier:
    """The frontier of cascades of at most `depth` stages on some problems.

    Draws of different models are independent given the problem, so one product of two tables gives
    all pairs of a first stage and an ending; a model has one stage in a cascade, since a second one
    would draw again what the first has seen.
    """
    right, cost = tables.right[:, problems], tables.cost[:, problems]
    ends = [Cascade(stages=(at,)) for at in range(len(tables.stages)) if not tables.stages[at].bar]
    best = _kept(
        ends, right[[one.stages[0] for one in ends]], cost[[one.stages[0] for one in ends]]
    )
    for _ in range(depth - 1):
        best = _longer(tables, problems, best)
    found = _told(tables, problems, best)
    return found


def _longer(tables: Tables, problems: Ints, tails: Sequence[Cascade]) -> list[Cascade]:
    """The best of these cascades and of those with one stage more before them."""
    followed_by = [followed(tables, one.stages) for one in tails]
    right = np.stack([one[0][problems] for one in followed_by])
    cost = np.stack([one[1][problems] for one in followed_by])
    passed_on = 1 - tables.accepted[:, problems]
    n = len(problems)
    means = tables.accepted_right[:, problems].mean(axis=1)[:, None] + passed_on @ right.T / n
    costs = tables.cost[:, problems].mean(axis=1)[:, None] + passed_on @ cost.T / n
    again = np.array(
        [
            [name in {tables.stages[at].setting for at in one.stages} for one in tails]
            for name in tables.settings
        ]
    )
    barless = np.array([not stage.bar for stage in tables.stages])
    means[again | barless[:, None]] = -1
    order = _undominated(means.ravel(), costs.ravel(), TAILS)
    firsts, ends = np.unravel_index(order, means.shape)
    fresh = [
        Cascade(stages=(int(first), *tails[end].stages))
        for first, end in zip(firsts, ends, strict=True)
        if means[first, end] >= 0
    ]
    every = [*tails, *fresh]
    told = [followed(tables, one.stages) for one in every]
    return _kept(every, *(np.stack([one[at][problems] for one in told]) for at in (0, 1)))


def _kept(cascades: Sequence[Cascade], right: Floats, cost: Floats) -> list[Cascade]:
    """What may be worth being an ending: the frontier, and what is a little below it, since behind
    another stage an ending sees harder problems."""
    means, costs = right.mean(axis=1), cost.mean(axis=1)
    chosen = _undominated(means, costs, TAILS)
    return [cascades[at] for at in chosen]


def _undominated(right: Floats, cost: Floats, most: int) -> Ints:
    """Places that none beats at equal or lower cost, cheapest first."""
    order = np.lexsort((-right, cost))
    best = np.maximum.accumulate(right[order])
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = best[1:] > best[:-1] + 1e-12
    found: Ints = order[first]
    return found[-most:]


def _told(tables: Tables, problems: Ints, cascades: Sequence[Cascade]) -> Frontier:
    told = [followed(tables, one.stages) for one in cascades]
    right = np.array([one[0][problems].mean() for one in told])
    cost = np.array([one[1][problems].mean() for one in told])
    order = _undominated(right, cost, len(cascades))
    return Frontier(
        cascades=tuple(cascades[at] for at in order), right=right[order], cost=cost[order]
    )
