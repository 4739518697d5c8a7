"""What stopping earlier, or choosing otherwise, would have given: curves, regret, oracles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from msgspec import Struct


class Stopped(Struct, frozen=True):
    """One way through a problem: the amount spent at each answer, and whether that is right."""

    spent: Sequence[float]
    """Growing."""
    right: Sequence[bool]

    def at(self, budget: float) -> bool:
        """Whether the answer that stands after so much is right; before the first none is."""
        place = bisect_right(self.spent, budget)
        return bool(place) and bool(self.right[place - 1])


class BudgetPoint(Struct, frozen=True):
    """Accuracy of whoever has to answer after so many tokens."""

    budget: float
    accuracy: float


def accuracy_if_stopped(
    runs: Mapping[str, Sequence[Stopped]], budgets: Sequence[float]
) -> tuple[BudgetPoint, ...]:
    """At each budget, the mean over problems of the share of their runs that stand right."""
    if not runs:
        raise ValueError("There is no run to stop.")
    return tuple(
        BudgetPoint(
            budget,
            sum(sum(one.at(budget) for one in found) / len(found) for found in runs.values())
            / len(runs),
        )
        for budget in budgets
    )


def cumulative_regret(
    curve: Sequence[BudgetPoint], comparator: Sequence[BudgetPoint] | float = 1.0
) -> float:
    """The area between a comparator's curve and this one, over the budget (Qu et al. 2025, MRT).

    The paper sums, over the episodes of an output, what the best policy of that length would reach
    less what answering now reaches; here the budget is in tokens and both curves are steps that
    hold to the next point. In points of accuracy times budget; divided by the range of the budget
    it is a mean loss. `comparator` has the same budgets, or is one accuracy at all of them.
    """
    if len(curve) < 2:
        raise ValueError("An area takes two points or more.")
    best = (
        [comparator] * len(curve)
        if isinstance(comparator, int | float)
        else [point.accuracy for point in comparator]
    )
    if not isinstance(comparator, int | float):
        others = [point.budget for point in comparator]
        if others != [point.budget for point in curve]:
            raise ValueError("The comparator is told at other budgets.")
    pairs = zip(curve, curve[1:], best, strict=False)
    return sum((there.budget - here.budget) * (top - here.accuracy) for here, there, top in pairs)


def mean_regret(
    curve: Sequence[BudgetPoint], comparator: Sequence[BudgetPoint] | float = 1.0
) -> float:
    """The cumulative regret per unit of budget: between 0 and 1 where the comparator is better."""
    area = cumulative_regret(curve, comparator)
    return area / (curve[-1].budget - curve[0].budget)


class OracleGap(Struct, frozen=True, kw_only=True):
    """The best single setting beside whoever picks a setting for each problem in hindsight."""

    best: str
    """The setting with the highest mean."""
    fixed: float
    """Its mean."""
    oracle: float
    """The mean of each problem's best setting."""

    @property
    def regret(self) -> float:
        """What the best fixed setting leaves on the table."""
        return self.oracle - self.fixed


def oracle_gap(values: Mapping[str, Mapping[str, float]]) -> OracleGap:
    """By setting and problem, the values of a choice: models, efforts or sizes.

    Over the problems that every setting has; ValueError where there is none. The oracle knows the
    values that it is judged by, so of noisy values it is an upper bound.
    """
    problems = set.intersection(*(set(one) for one in values.values())) if values else set()
    if not problems:
        raise ValueError("No problem was tried under every setting.")
    means = {
        name: sum(found[one] for one in problems) / len(problems) for name, found in values.items()
    }
    best = max(means, key=means.__getitem__)
    tops = (max(found[one] for found in values.values()) for one in problems)
    return OracleGap(best=best, fixed=means[best], oracle=sum(tops) / len(problems))


def selection_regret(selected: Sequence[float], passed: Sequence[float]) -> float:
    """What a selection loses to one that takes a right draw wherever there is one, mean over
    problems; `selected` and `passed` are chances per problem."""
    if not selected:
        raise ValueError("There is no problem to select for.")
    gaps = [top - got for got, top in zip(selected, passed, strict=True)]
    return sum(gaps) / len(gaps)
