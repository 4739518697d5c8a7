"""One budget for the problems of a recorded pool: what a few draws foretell of the rest.

Every problem gets a probe of a few draws, which count. What they show (how many agree, how high the best
score is) sorts the problems, and the curve of each sort is taken from other problems of the pool. Then
the shadow price gives out what is left. All of it is judged on problems that had no part in the curves,
beside the same number of draws for all at equal cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from tts.errors import BadInput, UsageError
from tts.eval.allocate.curve_file import Planned
from tts.eval.allocate.curves import Curves
from tts.eval.allocate.price import by_price
from tts.eval.allocate.probes import Look, Walk, bars_of
from tts.eval.replay.costs import Unit
from tts.eval.replay.crossfit import FOLDS
from tts.eval.replay.pool import Floats, Ints, Pool
from tts.eval.replay.resample import Resampler
from tts.eval.statistics import Estimate
from tts.strategies.parts.select import Choice

ORDERS = 20
KAPPA = 2.0
"""Problems of all sorts that stand beside those of one sort in its curve."""


class Share(Struct, frozen=True, kw_only=True):
    """Problems that got so many draws."""

    draws: int
    share: float
    accuracy: float
    """Of what they answer then."""


class SetAllocation(Struct, frozen=True, kw_only=True):
    """A budget for all problems of a pool, given out by what their first draws show; means over
    orders of the draws."""

    setting: str
    unit: Unit
    problems: int
    probe: int
    budget: float
    """A problem, on the average; likewise what follows."""
    spent: float
    predicted: float
    """Accuracy that the curves foretold."""
    accuracy: Estimate
    uniform: Estimate
    """As many draws for every problem, at the same cost."""
    difference: Estimate
    """Allocated less uniform, paired by problem."""
    known: float
    """Of the shadow price over each problem's own chances, which nobody has before."""
    shares: tuple[Share, ...]
    plan: tuple[Planned, ...]
    """If the recorded order is that of the draws."""


def allocate_pool(
    pool: Pool,
    budget: float,
    unit: Unit,
    *,
    choice: Choice = "majority",
    probe: int = 2,
    parameters: float | None = None,
    orders: int = ORDERS,
    seed: int = 0,
) -> SetAllocation:
    """Give out `budget` for the whole set.

    Raises `UsageError` where the pool has no votes or scores to choose by, or too few draws or
    problems, and `BadInput` where the budget does not pay for the probes.
    """
    _refuse(pool, choice, probe)
    bars = bars_of(pool, probe) if choice != "majority" else None
    look = Look(choice, unit, probe, bars, parameters)
    walks = [look.walks(one, orders) for one in pool.problems]
    _afford(walks, probe, budget, unit)
    judged = _judged(walks, budget, probe, pool.most, seed)
    n, [_, spent, predicted] = len(walks), judged.got.mean(axis=0).tolist()
    even = _even(walks, spent, pool.most)
    right = judged.got[:, 0]
    accuracy, uniform = Resampler(n, seed=seed).estimates(np.stack([right, even], axis=1))
    [gap] = Resampler(n, seed=seed).estimates((right - even)[:, None], least=-1.0)
    return SetAllocation(
        setting=pool.setting,
        unit=unit,
        problems=n,
        probe=probe,
        budget=budget / n,
        spent=spent,
        predicted=predicted,
        accuracy=accuracy,
        uniform=uniform,
        difference=gap,
        known=_known(walks, spent, pool.most),
        shares=tuple(_shares(walks, judged.draws)),
        plan=tuple(
            Planned(
                problem_id=one.problem_id,
                option=int(judged.draws[at, 0]),
                cost=float(walks[at][0].spent[judged.draws[at, 0] - 1]),
                expected=float(judged.foretold[at]),
            )
            for at, one in enumerate(pool.problems)
        ),
    )


def _refuse(pool: Pool, choice: Choice, probe: int) -> None:
    if choice != "majority" and not pool.scored:
        raise UsageError(f"{pool.source} has no scores for {pool.setting!r}.")
    if choice == "majority" and not pool.votes:
        raise UsageError(f"{pool.source} has no answers to vote with for {pool.setting!r}.")
    if probe < 1 or probe >= pool.most:
        raise UsageError(
            f"--probe lies between 1 and {pool.most - 1}, draws that are left to give."
        )
    if len(pool.problems) < FOLDS:
        raise UsageError(f"{pool.source}: {FOLDS} problems are the fewest to foretell curves from.")


def _afford(walks: Sequence[Sequence[Walk]], probe: int, budget: float, unit: Unit) -> None:
    """Raise `BadInput` where the probes alone take more than the budget."""
    each = [[w.spent[min(probe, len(w.spent)) - 1] for w in one] for one in walks]
    least = float(sum(np.mean(one) for one in each))
    if budget < least:
        raise BadInput(
            f"{budget:g} {unit} do not pay for a probe of {probe} draws for each of {len(walks)}"
            f" problems, which take {least:.4g}."
        )


class _Judged(Struct, frozen=True):
    """What came of problems whose curves were taken from the others."""

    got: Floats
    """(problems, 3): right, spent, foretold; means over orders."""
    draws: Ints
    """(problems, orders)."""
    foretold: Floats
    """In the recorded order."""


def _judged(
    walks: Sequence[Sequence[Walk]], budget: float, probe: int, most: int, seed: int
) -> _Judged:
    n, orders = len(walks), len(walks[0])
    found = _Judged(np.zeros((n, 3)), np.zeros((n, orders), dtype=np.int64), np.zeros(n))
    for held, rest in _parts(n, seed):
        curves = _Curves(walks, rest, probe, most)
        for order in range(orders):
            here = [walks[at][order] for at in held]
            further, foretold = _given(curves, here, budget * len(held) / n)
            for at, walk, more, chance in zip(held, here, further, foretold, strict=True):
                k = min(probe + int(more), len(walk.right))
                found.got[at] += np.array([walk.right[k - 1], walk.spent[k - 1], chance]) / orders
                found.draws[at, order] = k
            if order == 0:
                found.foretold[held] = foretold
    return found


def _parts(n: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Problems that are held back, and the others."""
    random = np.random.default_rng(seed)
    for held in np.array_split(random.permutation(n), FOLDS):
        yield held, np.setdiff1d(np.arange(n), held)


class _Curves:
    """What further draws gave problems of each sort, and took of all."""

    def __init__(self, walks: Sequence[Sequence[Walk]], rest: Ints, probe: int, most: int) -> None:
        sums: dict[Hashable, Floats] = defaultdict(lambda: np.zeros(most - probe + 1))
        counts: dict[Hashable, float] = defaultdict(float)
        for at in rest:
            for walk in walks[at]:
                sums[walk.sort] += _padded(walk.right[probe - 1 :], most - probe + 1) / len(
                    walks[at]
                )
                counts[walk.sort] += 1 / len(walks[at])
        self.all: Floats = np.sum(list(sums.values()), axis=0) / len(rest)
        self._sums, self._counts, self.probe = sums, counts, probe
        self.draw = float(
            np.mean([walks[at][0].spent[-1] / len(walks[at][0].spent) for at in rest])
        )

    def of(self, sort: Hashable) -> Floats:
        """Chance to be right after the probe, and after each further draw; what is not known of a
        sort is as of all. It never falls, so that no chance peak of a few problems is bought."""
        known = self._sums.get(sort, np.zeros_like(self.all))
        return rising((known + KAPPA * self.all) / (self._counts.get(sort, 0.0) + KAPPA))


def rising(values: Floats) -> Floats:
    """The nearest curve that does not fall (isotonic regression, its min-max form)."""
    sums, places = np.insert(np.cumsum(values), 0, 0.0), np.arange(len(values))
    first, last = places[:, None], places[None, :]
    means = (sums[1:] - sums[:-1, None]) / np.maximum(last - first + 1, 1)
    least = np.minimum.accumulate(np.where(last >= first, means, np.inf)[:, ::-1], axis=1)[:, ::-1]
    found: Floats = np.where(first <= last, least, -np.inf).max(axis=0)
    return found


def _given(curves: _Curves, here: Sequence[Walk], budget: float) -> tuple[Ints, Floats]:
    """Further draws of each problem by its probe, and its chance to be right then. A draw is foretold
    to cost what those of the probe did, with one draw of all beside them."""
    values = np.stack([curves.of(walk.sort) for walk in here])
    spent = np.array([walk.spent[min(curves.probe, len(walk.spent)) - 1] for walk in here])
    each = (spent + curves.draw) / (curves.probe + 1)
    further = np.arange(values.shape[1])
    table = Curves.of(spent[:, None] + each[:, None] * further, values)
    # Whose probes are dear has paid for them already, though the set as a whole keeps its budget.
    found = by_price(table, max(budget, table.least))
    foretold: Floats = np.take_along_axis(values, found.choice[:, None], axis=1).ravel()
    return found.choice.astype(np.int64), foretold


def _padded(values: Floats, length: int) -> Floats:
    """As long as wanted: whoever has fewer draws stays at the last."""
    return np.concatenate([values, np.full(max(0, length - len(values)), values[-1])])[:length]


def _even(walks: Sequence[Sequence[Walk]], spent: float, most: int) -> Floats:
    """Each problem's chance with as many draws for all as cost that much; between two numbers of
    draws, some problems have one more."""
    right, cost = _means(walks, most)
    totals = cost.mean(axis=0)
    place = np.interp(spent, totals, np.arange(most))
    low = int(place)
    share = place - low
    found: Floats = right[:, low] * (1 - share) + right[:, min(low + 1, most - 1)] * share
    return found


def _known(walks: Sequence[Sequence[Walk]], spent: float, most: int) -> float:
    right, cost = _means(walks, most)
    nothing = np.zeros((len(right), 1))
    curves = Curves.of(np.hstack([nothing, cost]), np.hstack([nothing, right]))
    return by_price(curves, spent * len(right)).value / len(right)


def _means(walks: Sequence[Sequence[Walk]], most: int) -> tuple[Floats, Floats]:
    """Of each problem over its orders, (problems, draws): chance to be right, and cost."""
    right = np.stack([np.mean([_padded(w.right, most) for w in one], axis=0) for one in walks])
    cost = np.stack([np.mean([_padded(w.spent, most) for w in one], axis=0) for one in walks])
    return right, cost


def _shares(walks: Sequence[Sequence[Walk]], draws: Ints) -> Iterator[Share]:
    for k in np.unique(draws).tolist():
        places = np.argwhere(draws == k)
        right = [walks[at][order].right[k - 1] for at, order in places]
        yield Share(draws=k, share=len(places) / draws.size, accuracy=float(np.mean(right)))
