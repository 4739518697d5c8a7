"""Recorded draws in one order after another, and what the first few of them show."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from msgspec import Struct

from tts.eval.replay.costs import Unit, costs_of
from tts.eval.replay.pool import Draws, Floats, Pool
from tts.eval.replay.trails import trails
from tts.strategies.parts.select import Choice

SORTS = 5
"""Quantiles of the best score of a probe."""


class Walk(Struct, frozen=True):
    """One order of a problem's draws: after 1, 2, … of them."""

    right: Floats
    spent: Floats
    sort: Hashable
    """What the probe shows."""


class Look(Struct, frozen=True):
    """How a walk is read: what is chosen, what costs, and what a probe shows."""

    choice: Choice
    unit: Unit
    probe: int
    bars: Floats | None
    """Between sorts of best scores; None: sorts are by votes."""
    parameters: float | None

    def walks(self, draws: Draws, orders: int) -> list[Walk]:
        """Of a problem, in several orders."""
        scored = self.bars is not None
        found = []
        for trail in trails(draws, self.choice, orders):
            one = trail.draws
            costs = costs_of(one, self.unit, scored=scored, parameters=self.parameters)
            found.append(Walk(trail.right.astype(np.float64), np.cumsum(costs), self._sort(one)))
        return found

    def _sort(self, draws: Draws) -> Hashable:
        if self.bars is not None:
            best = np.nan_to_num(draws.scores[: self.probe], nan=-1.0).max()
            return int(np.searchsorted(self.bars, best))
        votes = draws.classes[: self.probe]
        counts = np.bincount(votes[votes >= 0])
        return tuple(sorted(counts[counts > 0].tolist()))


def bars_of(pool: Pool, probe: int) -> Floats:
    """What the best score of a probe lies above equally often: quantiles of a maximum."""
    scores = np.concatenate([draws.scores[draws.scored] for draws in pool])
    found: Floats = np.quantile(scores, np.linspace(0, 1, SORTS + 1)[1:-1] ** (1 / probe))
    return found
