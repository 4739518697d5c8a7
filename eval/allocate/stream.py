"""A budget for problems that come one by one: the price that what is left can keep up."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tts.errors import BadInput
from tts.eval.allocate.curves import Curves, Floats
from tts.eval.allocate.price import steps_of


class Stream:
    """Gives each problem its option when it comes, within one budget for all of them.

    The price is the one at which problems like those of `reference` would spend, on the average,
    what is left for each that is still to come; it is told anew before every problem (re-solving,
    Jasin & Kumar 2012), so an early excess is saved later. Never more than the budget is given.
    """

    def __init__(self, reference: Curves, budget: float, problems: int) -> None:
        if problems < 1 or not budget >= 0:
            raise BadInput("A stream has a budget of 0 or more for one problem or more.")
        steps = steps_of(reference)
        order = np.argsort(-steps.slope, kind="stable")
        self._slopes = steps.slope[order]
        self._averages: Floats = np.cumsum(steps.cost[order]) / reference.problems
        self._floor = reference.least / reference.problems
        self.left, self.coming = float(budget), problems

    @property
    def price(self) -> float:
        """What a unit has to gain now to be bought."""
        average = self.left / max(1, self.coming) - self._floor
        place = int(np.searchsorted(self._averages, average, side="right"))
        return float(self._slopes[place]) if place < len(self._slopes) else 0.0

    def spend(self, costs: ArrayLike, values: ArrayLike) -> int:
        """The option of the problem that has come; the first where nothing else is worth its price
        or fits into what is left. Raises `BadInput` where not even that one fits, or more problems
        come than were foretold."""
        cost, value = np.asarray(costs, dtype=np.float64), np.asarray(values, dtype=np.float64)
        if self.coming < 1:
            raise BadInput("The stream has had all the problems that it was told of.")
        if cost[0] > self.left:
            raise BadInput(
                f"{self.left:g} is left, and the problem takes {cost[0]:g} at the least."
            )
        worth = np.where(cost <= self.left, value - self.price * cost, -np.inf)
        option = int(np.argmax(worth))
        self.left -= float(cost[option])
        self.coming -= 1
        return option
