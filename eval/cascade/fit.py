"""Cascades at given budgets, beside the best fixed setting: in hindsight, and cross-fitted.

A cascade has many more settings than a model, so the best one on a few problems owes much to luck.
What is chosen therefore wins half a problem of the set for every stage that it has more, and keeps
within the budget even if one more problem came that is as dear as its dearest. What it is worth is
told on problems that it was not chosen on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from tts.eval.cascade.search import Cascade, followed, frontier
from tts.eval.cascade.stages import Tables
from tts.eval.replay.crossfit import FOLDS, REPEATS
from tts.eval.replay.pool import Floats, Ints
from tts.eval.replay.resample import Resampler
from tts.eval.statistics import Estimate

WORTH = 0.5
"""Problems that a further stage has to win on those that it is chosen on."""
FEWEST = 20
"""Problems from which on a choice is judged on others than it was made on."""


class Reached(Struct, frozen=True, kw_only=True):
    """What a way of answering reaches, and costs a problem."""

    label: str
    accuracy: Estimate
    cost: float


class Fitted(Struct, frozen=True, kw_only=True):
    """What is chosen on some problems, judged on the others; both kinds by the same rule."""

    fixed: Reached
    cascade: Reached
    difference: Estimate | None
    """Cascade less fixed, paired by problem; None: no choice was another than the fixed one."""


class AtBudget(Struct, frozen=True, kw_only=True):
    """One budget a problem."""

    budget: float
    fixed: Reached
    """The best model, effort and number of draws in hindsight."""
    hindsight: Reached
    """The best cascade in hindsight: its luck is in it."""
    chosen: Reached
    """The cascade to run: what the rule chooses on all problems."""
    fitted: Fitted | None
    """None: too few problems to fit on some and judge on others."""


def at_budgets(
    tables: Tables, budgets: Sequence[float], depth: int, *, seed: int = 0
) -> tuple[AtBudget, ...]:
    """What fixed settings and cascades of at most `depth` stages reach; budgets that pay for no
    setting are left out."""
    every = np.arange(len(tables.problems))
    fixed, best = frontier(tables, every, 1), frontier(tables, every, depth)
    candidates = _candidates(tables, every, depth)
    judged = _judged(tables, budgets, depth, seed) if len(every) >= FEWEST else {}
    found = []
    for budget in budgets:
        one, other = fixed.within(budget), best.within(budget)
        if one is None or other is None:
            continue
        chosen = candidates.chosen(budget, depth) or one
        found.append(
            AtBudget(
                budget=budget,
                fixed=_reached(tables, one, seed),
                hindsight=_reached(tables, other, seed),
                chosen=_reached(tables, chosen, seed),
                fitted=judged.get(budget),
            )
        )
    return tuple(found)


class _Candidates(Struct, frozen=True):
    """Cascades by what they do on the problems that they are chosen on."""

    cascades: tuple[Cascade, ...]
    worth: Floats
    """Accuracy less what further stages have to win."""
    guarded: Floats
    """Cost a problem, with the dearest one once more."""
    cost: Floats

    def chosen(self, budget: float, depth: int) -> Cascade | None:
        """The worthiest within a budget, of equals the cheapest; None: none is within it."""
        short = np.array([len(one.stages) <= depth for one in self.cascades])
        worth = np.where(short & (self.guarded <= budget), self.worth, -np.inf)
        place = int(np.lexsort((self.cost, -worth))[0])
        return self.cascades[place] if np.isfinite(worth[place]) else None


def _candidates(tables: Tables, problems: Ints, depth: int) -> _Candidates:
    cascades = tuple(
        dict.fromkeys(
            one.stages
            for deep in range(1, depth + 1)
            for one in frontier(tables, problems, deep).cascades
        )
    )
    told = [followed(tables, stages) for stages in cascades]
    right, cost = (np.stack([one[at][problems] for one in told]) for at in (0, 1))
    further = np.array([len(stages) - 1 for stages in cascades])
    n = len(problems)
    return _Candidates(
        tuple(Cascade(stages=stages) for stages in cascades),
        right.mean(axis=1) - WORTH * further / n,
        (cost.sum(axis=1) + cost.max(axis=1)) / (n + 1),
        cost.mean(axis=1),
    )


def _judged(tables: Tables, budgets: Sequence[float], depth: int, seed: int) -> dict[float, Fitted]:
    """By budget, figures on problems that had no part in the choice; budgets for which some part of
    the problems chooses nothing are left out."""
    n = len(tables.problems)
    sums = {budget: np.zeros((4, n)) for budget in budgets}
    empty, differ = set[float](), set[float]()
    for held, candidates in _parted(tables, depth, seed):
        for budget in budgets:
            kinds = [candidates.chosen(budget, deep) for deep in (1, depth)]
            if kinds[0] != kinds[1]:
                differ.add(budget)
            for place, cascade in enumerate(kinds):
                if cascade is None:
                    empty.add(budget)
                    continue
                right, cost = followed(tables, cascade.stages)
                sums[budget][2 * place : 2 * place + 2, held] += (
                    np.stack([right, cost])[:, held] / REPEATS
                )
    return {
        budget: _fitted(table, seed, differ=budget in differ)
        for budget, table in sums.items()
        if budget not in empty
    }


def _parted(tables: Tables, depth: int, seed: int) -> Iterator[tuple[Ints, _Candidates]]:
    """Problems that are held back, and what the others have to choose from."""
    random, n = np.random.default_rng(seed), len(tables.problems)
    for _ in range(REPEATS):
        for held in np.array_split(random.permutation(n), FOLDS):
            yield held, _candidates(tables, np.setdiff1d(np.arange(n), held), depth)


def _fitted(table: Floats, seed: int, *, differ: bool) -> Fitted:
    resampler = Resampler(table.shape[1], seed=seed)
    fixed, cascade = resampler.estimates(table[[0, 2]].T)
    [gap] = resampler.estimates((table[2] - table[0])[:, None], least=-1.0)
    costs = table.mean(axis=1)
    return Fitted(
        fixed=Reached(label="fixed", accuracy=fixed, cost=float(costs[1])),
        cascade=Reached(label="cascade", accuracy=cascade, cost=float(costs[3])),
        difference=gap if differ else None,
    )


def _reached(tables: Tables, cascade: Cascade, seed: int) -> Reached:
    right, cost = followed(tables, cascade.stages)
    [accuracy] = Resampler(len(right), seed=seed).estimates(right[:, None])
    return Reached(label=cascade.spelled(tables.stages), accuracy=accuracy, cost=float(cost.mean()))
