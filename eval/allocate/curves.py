"""What each amount is expected to buy of each problem, and who got how much."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from tts.errors import BadInput

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


class Curves(Struct, frozen=True):
    """Of each problem its options, cheapest first; the first one is what it takes at least.

    A problem that may be given up begins with an option that costs nothing. Amounts are in whatever
    the budget is in: tokens, dollars, seconds, FLOPs.
    """

    costs: Floats
    """(problems, options), or (options,) where all problems have the same; not falling."""
    values: Floats
    """(problems, options): expected gain, as a chance of being right. −inf: there is no such option."""

    @classmethod
    def of(cls, costs: ArrayLike, values: ArrayLike) -> Curves:
        """Checked; `BadInput` says what is wrong with them."""
        cost, value = np.asarray(costs, dtype=np.float64), np.asarray(values, dtype=np.float64)
        if value.ndim != 2 or not value.size:
            raise BadInput("Curves are a table: a row of values for each problem.")
        if cost.shape not in (value.shape, value.shape[1:]):
            raise BadInput(f"{value.shape[1]} options need as many costs, not {cost.shape[-1]}.")
        if not np.isfinite(cost).all() or (cost < 0).any():
            raise BadInput("Costs are numbers of 0 and more.")
        if (np.diff(cost, axis=-1) < 0).any():
            raise BadInput("The options of a problem stand from the cheapest to the dearest.")
        if np.isnan(value).any() or not np.isfinite(value[:, 0]).all():
            raise BadInput("Values are numbers, and every problem has that of its first option.")
        return cls(cost, value)

    @property
    def problems(self) -> int:
        return len(self.values)

    @property
    def options(self) -> int:
        return int(self.values.shape[1])

    @property
    def table(self) -> Floats:
        """The costs of every problem, (problems, options)."""
        return np.broadcast_to(self.costs, self.values.shape)

    @property
    def least(self) -> float:
        """What the first options of all problems take together."""
        return float(self.table[:, 0].sum(dtype=np.float64))

    def check(self, budget: float) -> None:
        """Raise `BadInput` where a budget does not pay for the first option of each."""
        if not budget >= self.least:
            raise BadInput(
                f"{budget:g} does not pay for {self.problems:,} problems, which take {self.least:g}"
                " at the least."
            )

    def taken(self, choice: Ints, *, bound: float | None = None, price: float = 0.0) -> Allocation:
        """The allocation of these options, one for each problem."""
        rows = np.arange(self.problems)
        costs, values = self.table[rows, choice], self.values[rows, choice]
        return Allocation(
            choice=choice,
            costs=costs,
            spent=float(costs.sum(dtype=np.float64)),
            value=float(values.sum(dtype=np.float64)),
            bound=bound,
            price=price,
        )


class Allocation(Struct, frozen=True, kw_only=True):
    """Who got how much of one budget."""

    choice: Ints
    """The option of each problem."""
    costs: Floats
    """What it takes."""
    spent: float
    value: float
    """The sum of what the options are expected to gain."""
    bound: float | None
    """No allocation of the same budget is expected to gain more; None: the rule does not tell."""
    price: float
    """What the last unit of the budget bought: the shadow price, 0 where the budget was enough."""
