"""The columns on selection: what it got of what was drawn, and how scores rank right draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from tts.eval.metrics.selected import Ranking
from tts.eval.report import wording
from tts.eval.report.column import Column, Interval
from tts.eval.report.rows import Row
from tts.eval.statistics import Estimate


def selection_columns(rows: Sequence[Row]) -> list[Column]:
    """What selection got of what was drawn, where that was graded."""
    if all(row.selected is None for row in rows):
        return []
    return [
        *(_of_draws(f"{name} %", name) for name in ("random", "selected", "oracle")),
        _of_draws("recovered %", "recovered", wording.interval),
        *(_ranking_columns() if any(_ranking(row) for row in rows) else ()),
    ]


def _of_draws(
    title: str,
    name: Literal["random", "selected", "oracle", "recovered"],
    bounds: Callable[[Estimate], str] | None = None,
) -> Column:
    def found(row: Row) -> Estimate | None:
        return None if row.selected is None else getattr(row.selected, name)

    return _of_estimate(title, found, f"{name}_draws", wording.percent, bounds)


def _ranking(row: Row) -> Ranking | None:
    return row.selected.ranking if row.selected else None


def _ranking_columns() -> list[Column]:
    """How the verifier's scores rank what was drawn, beside no ranking at all."""
    titles: dict[Literal["ranked", "unranked", "gain"], str] = {
        "ranked": "NDCG@10 %",
        "unranked": "unranked %",
        "gain": "Δ NDCG points",
    }

    def of(name: Literal["ranked", "unranked", "gain"]) -> Column:
        def found(row: Row) -> Estimate | None:
            ranking = _ranking(row)
            return None if ranking is None else getattr(ranking, name)

        shown = wording.gap if name == "gain" else wording.percent
        bounds = wording.gap_interval if name == "gain" else None
        return _of_estimate(titles[name], found, f"ndcg_{name}", shown, bounds)

    return [of(name) for name in titles]


def _of_estimate(
    title: str,
    found: Callable[[Row], Estimate | None],
    written: str,
    shown: Callable[[float], str],
    bounds: Callable[[Estimate], str] | None,
) -> Column:
    """A figure of the table on selection; with its interval where `bounds` say how."""

    def value(row: Row, _: Row | None) -> float | None:
        estimate = found(row)
        return estimate.value if estimate else None

    interval = Interval(found, bounds, lambda _: "") if bounds else None
    return Column(title, value, shown, interval, "selection", "", written)
