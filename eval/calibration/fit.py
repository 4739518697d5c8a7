"""The figures of a ladder, fitted with a price per token, and the choice of the price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from tts.errors import UsageError
from tts.eval.calibration.table import Climbed, Table, walk
from tts.eval.calibration.votes import walk_votes
from tts.eval.replay.pool import Floats
from tts.eval.replay.turning import Turning, sizes_tried, turning
from tts.strategies.allocation.difficulty import LIU, Difficulty, Feature, quantile_edges
from tts.strategies.allocation.ladder import Ladder, Rung, Signal
from tts.strategies.parts.select import Choice

BinKind = Literal["none", "snell", "liu"]
"""One ladder for all, or its draws by difficulty: five quantiles, or absolute edges."""

CostName = Literal["tokens", "flops"]
"""What the price is of."""
PRICES: tuple[float, ...] = tuple(float(one) for one in np.geomspace(0.02, 0.3, 9))
"""Accuracy that what the target spends on a problem may be worth."""
SWEEPS = 2
"""Passes over the figures, each set to its best with the others fixed."""
ACCEPT = (0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0)
LEADS = (0.6, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995)
ABANDON = (0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.035, 0.02, 0.01, 0.0)
WORTH = (0.1, 0.06, 0.04, 0.03, 0.02, 0.016, 0.013, 0.01, 0.008, 0.006, 0.004, 0.002, 0.001, 0.0)
PATIENCE = (1, 2, 3, 4, 5, 6, 8, 10)
MOST = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 24, 32, 48, 64)
"""What is tried."""
SURE = NormalDist().inv_cdf(0.95)
FEATURES: tuple[Feature, ...] = ("constant", "best", "mean", "answered", "length")
"""What greedy draws of several models show; their answers are not compared."""

Point = dict[str, Any]
"""The figures by name: `accept/0` of the first greedy rung, `n`, `worth` … of the draws."""


class Fitted(Struct, frozen=True, kw_only=True):
    """A ladder and the price that it was fitted with."""

    ladder: Ladder
    price: float
    """Accuracy per token, or per FLOP."""


class Costing(Struct, frozen=True, kw_only=True):
    """What is paid for, in units of what the target spends on a problem."""

    name: CostName
    unit: float

    def of(self, done: Climbed) -> float:
        """A problem's mean."""
        amounts = done.tokens if self.name == "tokens" else done.flops
        if amounts is None:
            raise UsageError(
                "--cost flops: the sizes of the models are not recorded; ledgers of models whose "
                "size is known have them."
            )
        return float(amounts.mean()) / self.unit


def target_of(n: int, signal: Signal = "score") -> Ladder:
    """Uniform best-of-n, or a vote of n, as a ladder of one rung."""
    select: Choice = "best" if signal == "score" else "majority"
    return Ladder(rungs=(Rung(n=n, batch=n),), signal=signal, select=select)


def target_name(n: int, signal: Signal) -> str:
    """As a strategy is spelled."""
    return f"best_of_n(n={n})" if signal == "score" else f"majority_vote(n={n})"


def climbed(found: Table, ladder: Ladder) -> Climbed:
    """What a ladder answers and spends, whatever its signal."""
    return walk(found, ladder) if ladder.signal == "score" else walk_votes(found, ladder)


def costing(found: Table, name: CostName, n: int) -> Costing:
    """Costs in units of uniform best-of-n."""
    whole = Costing(name=name, unit=1.0)
    return Costing(name=name, unit=whole.of(climbed(found, target_of(n, found.signal))))


def fit(
    found: Table, prices: Sequence[float], cost: Costing, difficulty: Difficulty | None = None
) -> list[Fitted]:
    """For every price the ladder with the greatest accuracy minus price times cost.

    By coordinate descent, which begins with nothing saved, and where the last price ended.
    """
    grid = _grid(found, difficulty)
    fresh: Point = {name: values[-1] for name, values in grid.items()}
    last, fitted = fresh, list[Fitted]()
    for price in prices:

        def worth(point: Point, price: float = price) -> float:
            return _worth(found, _ladder(found, point, difficulty), price, cost)

        last = max((_descend(grid, start, worth) for start in (fresh, last)), key=worth)
        ladder = _ladder(found, last, difficulty)
        fitted.append(Fitted(ladder=ladder, price=price / cost.unit))
    return fitted


def _descend(
    grid: Mapping[str, Sequence[Any]], point: Point, worth: Callable[[Point], float]
) -> Point:
    for _ in range(SWEEPS):
        for name, values in grid.items():
            point = max(({**point, name: value} for value in values), key=worth)
    return point


def _worth(found: Table, ladder: Ladder, price: float, cost: Costing) -> float:
    done = climbed(found, ladder)
    return float(done.right.mean()) - price * cost.of(done)


def _grid(found: Table, difficulty: Difficulty | None) -> Mapping[str, Sequence[Any]]:
    """The last value of each is where the descent begins: nothing is saved yet."""
    most = found.useful or found.draws.scores.shape[2]
    counts = [*(n for n in MOST if n < most), most]
    if found.signal == "agreement":
        return {"n": counts, "accept": [*LEADS, None]}
    grid: dict[str, Sequence[Any]] = {}
    for place, _ in enumerate(_greedy(found)):
        grid[f"accept/{place}"] = [None, *ACCEPT]
    for bin_ in _bins(difficulty):
        grid |= {
            f"accept{bin_}": ACCEPT,
            f"worth{bin_}": WORTH,
            f"patience{bin_}": PATIENCE,
            f"abandon{bin_}": ABANDON,
            f"n{bin_}": counts,
        }
    return grid


def _ladder(found: Table, point: Point, difficulty: Difficulty | None) -> Ladder:
    """A greedy rung that accepts None is left out."""
    if found.signal == "agreement":
        return Ladder(rungs=(Rung(**point),), signal="agreement", select="majority")
    rungs = [
        Rung(model=column.model, temperature=0.0, accept=point[f"accept/{place}"])
        for place, column in enumerate(_greedy(found))
        if point[f"accept/{place}"] is not None
    ]
    names = ("accept", "worth", "patience", "abandon", "n")
    for bin_ in _bins(difficulty if rungs else None):
        figures = {name: point[name + (bin_ or (_bins(difficulty)[0]))] for name in names}
        rungs.append(Rung(bins=(int(bin_[1:]),) if bin_ else (), **figures))
    return Ladder(rungs=tuple(rungs), difficulty=difficulty if rungs[-1].bins else None)


def _bins(difficulty: Difficulty | None) -> list[str]:
    return [f"@{at}" for at in range(1, difficulty.bins + 1)] if difficulty else [""]


def _greedy(found: Table) -> list[Any]:
    return [column for column in found.columns if column.greedy]


def choose(
    folds: tuple[Table, Table],
    both: Table,
    *,
    n: int,
    margin: float,
    bins: BinKind = "none",
    cost: CostName = "tokens",
) -> Fitted:
    """The ladder of the price that saves most and is not inferior, fitted to both folds.

    Each fold judges what the other one fitted. Not inferior: the one-sided 95 % bound of the paired
    difference to uniform best-of-n lies above minus `margin`. Raises `UsageError` where no price is.
    """
    difficulty = None if bins == "none" else guess(both, bins)
    paid = costing(both, cost, n)
    gaps: list[list[Floats]] = [[] for _ in PRICES]
    spent: list[list[float]] = [[] for _ in PRICES]
    for taught, judges in (folds, folds[::-1]):
        target = climbed(judges, target_of(n, judges.signal))
        for at, one in enumerate(fit(taught, PRICES, paid, difficulty)):
            done = climbed(judges, one.ladder)
            gaps[at].append(done.accuracy - target.accuracy)
            spent[at].append(paid.of(done))
    lows = [bound(np.concatenate(one)) for one in gaps]
    sure = [at for at, low in enumerate(lows) if low >= -margin]
    if not sure:
        raise UsageError(
            f"No ladder is within {100 * margin:g} points of {target_name(n, both.signal)} for sure: "
            f"the nearest may lose {-100 * max(lows):.1f} on {len(both.problems)} problems. "
            "Record more problems, or allow a larger --margin."
        )
    return _safe(both, sorted(sure, key=lambda at: sum(spent[at])), paid, difficulty, n, margin)


def _safe(
    both: Table,
    places: Sequence[int],
    paid: Costing,
    difficulty: Difficulty | None,
    n: int,
    margin: float,
) -> Fitted:
    """The ladder of the first of these prices that is not inferior where it is fitted, too.

    What passed on the folds were their own ladders: the one of both may be another. The last one
    stands where none is.
    """
    target = climbed(both, target_of(n, both.signal)).accuracy
    fitted = [fit(both, PRICES[at : at + 1], paid, difficulty)[0] for at in places[:1]]
    for at in places[1:]:
        gap = climbed(both, fitted[-1].ladder).accuracy - target
        if bound(gap) >= -margin:
            break
        fitted += fit(both, PRICES[at : at + 1], paid, difficulty)
    return fitted[-1]


def bound(gaps: Floats) -> float:
    """Of the mean paired difference, one-sided 95 %."""
    return float(gaps.mean() - SURE * gaps.std(ddof=1) / np.sqrt(len(gaps)))


def peak(found: Table, n: int, *, seed: int = 0) -> Turning:
    """Where uniform draws are right most often: an imperfect selector turns down behind it."""
    sizes = sizes_tried(n)
    reached = [climbed(found, target_of(k, found.signal)).accuracy for k in sizes]
    return turning(np.stack(reached, axis=1), sizes, seed=seed)


def control(held: Table, *, n: int, margin: float) -> int:
    """The smallest number of uniform draws that passes the same test: what fitting alone 'saves'."""
    reached = [climbed(held, target_of(k, held.signal)).accuracy for k in range(1, n + 1)]
    sure = (bound(one - reached[-1]) >= -margin for one in reached)
    return next(k for k, one in enumerate(sure, start=1) if one)


def guess(train: Table, bins: BinKind) -> Difficulty:
    """A logistic guess of a draw's chance to be right from what the greedy rungs show."""
    greedy = _greedy(train)
    if not greedy:
        raise UsageError("Bins are told by greedy draws: record some, and name them with --rung.")
    scores = np.stack([one.scores[:, 0, 0] for one in greedy], axis=1)
    answered = np.stack([one.answered[:, 0, 0] for one in greedy], axis=1)
    rows = np.stack(
        [
            np.ones(len(scores)),
            scores.max(axis=1),
            scores.mean(axis=1),
            answered.mean(axis=1),
            train.lengths,
        ],
        axis=1,
    )
    chance = train.draws.correct[:, 0, :].mean(axis=1)
    weights = logistic(rows, chance)
    hopes = 1 / (1 + np.exp(-rows @ weights))
    edges = LIU if bins == "liu" else quantile_edges([float(one) for one in hopes])
    return Difficulty(
        weights=dict(zip(FEATURES, map(float, weights), strict=True)),
        typical=dict(zip(FEATURES, map(float, rows.mean(axis=0)), strict=True)),
        edges=edges,
        probes=len(greedy),
    )


def logistic(rows: Floats, chance: Floats, *, ridge: float = 1.0) -> Floats:
    """Weights of the penalised logistic likelihood of fractions, by Newton's method."""
    weights = np.zeros(rows.shape[1])
    for _ in range(30):
        hopes = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (chance - hopes) - ridge * weights
        bend = (rows * (hopes * (1 - hopes))[:, None]).T @ rows + ridge * np.eye(rows.shape[1])
        weights = weights + np.linalg.solve(bend, slope)
    return weights
