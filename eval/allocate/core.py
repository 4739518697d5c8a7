"""What the relaxed optimum leaves open: an exact search among the few options that could close it.

An option whose loss at the shadow price is more than the gap is in no better allocation (reduced
costs, Dyer 1984); the others, of few problems, are tried by dynamic programming over what is spent
(Pisinger 1995), where a partial choice that has lost more than the gap, or that costs more and is
worth less than another, is let go.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tts.eval.allocate.curves import Curves, Floats, Ints

STATES = 20_000
"""Partial choices that are kept; of more, the best ones of as many ranges of cost."""
CORE = 200
"""Problems that are searched; the others keep their options."""


class _Stage(Struct, frozen=True):
    """Partial choices: where each came from, and the option that its last problem has."""

    parent: Ints
    option: Ints


def closed(curves: Curves, choice: Ints, budget: float, price: float, gap: float) -> Ints:
    """A choice that is worth at least as much and stays within the budget."""
    worth = curves.values - price * curves.table
    losses = worth.max(axis=1, keepdims=True) - worth
    core = _open(losses, gap)
    if not len(core):
        return choice
    rest = np.setdiff1d(np.arange(curves.problems), core)
    spent = float(curves.table[rest, choice[rest]].sum())
    lost = float(losses[rest, choice[rest]].sum())
    found = _search(curves.table[core], losses[core], budget - spent, price, gap - lost)
    if found is None:
        return choice
    better = choice.copy()
    better[core] = found
    gains = curves.taken(better).value >= curves.taken(choice).value
    return better if gains else choice


def _open(losses: Floats, gap: float) -> Ints:
    """The problems with a second option within the gap, those with the least loss first."""
    second = (
        np.partition(losses, 1, axis=1)[:, 1]
        if losses.shape[1] > 1
        else np.full(len(losses), np.inf)
    )
    order = np.argsort(second, kind="stable")[:CORE]
    found: Ints = order[second[order] <= gap]
    return found


def _search(costs: Floats, losses: Floats, budget: float, price: float, gap: float) -> Ints | None:
    """The options of the core that lose least within the budget; what is left over is lost, too."""
    allowed = np.where(losses <= gap, costs, np.inf).min(axis=1)
    after = np.append(np.cumsum(allowed[::-1])[::-1][1:], 0.0)
    slack = 1e-9 * max(1.0, budget)
    cost, loss, stages = np.zeros(1), np.zeros(1), list[_Stage]()
    for place in range(len(costs)):
        options = np.flatnonzero(losses[place] <= gap)
        costs_of = (cost[:, None] + costs[place, options]).ravel()
        losses_of = (loss[:, None] + losses[place, options]).ravel()
        kept = np.flatnonzero((losses_of <= gap) & (costs_of + after[place] <= budget + slack))
        kept = kept[_undominated(costs_of[kept], losses_of[kept], price)]
        if not len(kept):
            return None
        stages.append(_Stage(kept // len(options), options[kept % len(options)]))
        cost, loss = costs_of[kept], losses_of[kept]
    return _traced(stages, int(np.argmin(loss - price * cost)))


def _undominated(costs: Floats, losses: Floats, price: float) -> Ints:
    """Places of the partial choices than which none is both cheaper and worth as much."""
    worth = price * costs - losses
    order = np.lexsort((-worth, costs))
    best = np.maximum.accumulate(worth[order])
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = best[1:] > best[:-1]
    kept = order[first]
    if len(kept) > STATES:
        # The last of a range of costs is the best of it.
        kept = kept[np.linspace(0, len(kept) - 1, STATES).astype(np.int64)]
    found: Ints = kept
    return found


def _traced(stages: list[_Stage], last: int) -> Ints:
    """The options that lead to a partial choice."""
    found = np.zeros(len(stages), dtype=np.int64)
    for place in range(len(stages) - 1, -1, -1):
        found[place] = stages[place].option[last]
        last = int(stages[place].parent[last])
    return found
