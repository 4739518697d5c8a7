"""Accuracy as a function of cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from tts.eval.report.row import Row
from tts.eval.statistics import FEWEST, Estimate

Cost = Literal["tokens", "dollars"]


class Point(Struct, frozen=True):
    """A mean cost per run and the accuracy it bought."""

    cost: float
    accuracy: Estimate
    label: str
    n: int = FEWEST
    """Problems that the accuracy rests on."""

    @property
    def telling(self) -> bool:
        """Whether they are enough to say how sure it is."""
        return self.n >= FEWEST


class Curve(Struct, frozen=True):
    """The points of one strategy, cheapest first."""

    strategy: str
    points: tuple[Point, ...]


def curves_of(rows: Iterable[Row], cost: Cost) -> tuple[Curve, ...]:
    """One curve per strategy, in order of appearance; rows of unknown cost have no point."""
    by_strategy: dict[str, list[Point]] = {}
    for row in rows:
        amount = row.tokens_per_run if cost == "tokens" else row.dollars_per_run
        if row.accuracy is not None and amount is not None:
            point = Point(amount, row.accuracy, row.label, row.n)
            by_strategy.setdefault(row.strategy, []).append(point)
    return tuple(
        Curve(strategy, tuple(sorted(points, key=lambda point: point.cost)))
        for strategy, points in by_strategy.items()
    )


def frontier(curves: Iterable[Curve]) -> tuple[Point, ...]:
    """The points that no other point beats at equal or lower cost, cheapest first."""
    points = [point for curve in curves for point in curve.points]
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.cost, -one.accuracy.value)):
        if not best or point.accuracy.value > best[-1].accuracy.value:
            best.append(point)
    return tuple(best)
