"""A comparison as a value, before any rendering, and its rows for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from tts.eval.report.axes import Cost, axis_of
from tts.eval.report.column import Column
from tts.eval.report.columns import COLUMNS, LABELS, table_of
from tts.eval.report.headline import headline
from tts.eval.report.rows import Row
from tts.eval.report.tables import Table, names_of, report_html, to_frame, values_of
from tts.eval.statistics import FEWEST, Estimate
from tts.ledger import spreadsheet_safe
from tts.values import StoppedBy, Usage


class Cell(Struct, frozen=True, kw_only=True):
    """How one row fared on one problem, its repeats together."""

    correct: int
    graded: int
    runs: int
    answer: str | None
    """Of the first run."""
    reason: str
    """The first run's grade in a word."""
    stopped_by: StoppedBy
    """Of the first run."""
    error: str | None = None
    """Why the first run that has no answer has none."""
    attributed: Usage
    """Of all the runs."""
    run_id: str = ""
    """Of the first run; empty: none is kept."""


class ProblemLine(Struct, frozen=True, kw_only=True):
    """A problem and its cells, one per row of the report; None where a row did not run it."""

    problem_id: str
    prompt: str
    reference: str | None
    difficulty_bin: int | None
    cells: tuple[Cell | None, ...]


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
        amount = axis_of(cost).of(row)
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


class ComparisonReport(Struct, frozen=True, kw_only=True):
    """Everything that the page, the terminal table and the exports show."""

    title: str
    manifest: tuple[tuple[str, str], ...] = ()
    """What was run, as pairs of name and text: data digest, models, seeds, prices, versions."""
    partial: str = ""
    """What is missing, where not everything has ended; empty: the comparison is whole."""
    rows: tuple[Row, ...]
    problems: tuple[ProblemLine, ...] = ()
    reference_curves: tuple[Curve, ...] = ()
    """Expectations beside the measured token curves, drawn dashed: an exact maj@k, for example."""
    verdicts: tuple[str, ...] = ()
    """One sentence per difference: whether it is decided, and how many problems would do."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fault: str = ""
    """Why the job stopped before the end of its grid; empty: nothing stopped it."""

    def to_pandas(self, table: Table = "rows") -> Any:
        """A table as a pandas DataFrame: `rows`, `problems` (one row per problem and row of the
        report) or `spend` (by role). Raises `UnknownName`, or `UsageError` without pandas."""
        return to_frame(self, table)

    def _repr_html_(self) -> str:
        """For notebooks."""
        return report_html(self, headline(self.rows))


def to_json(report: ComparisonReport) -> str:
    """The whole report; what is unknown is null. ASCII, so that any text survives."""
    return json.dumps(to_builtins(report), indent=1, allow_nan=False)


def to_csv(report: ComparisonReport, *, columns: Sequence[Column] = COLUMNS) -> str:
    """One line per row under a header; what is unknown is an empty cell.

    A column with an interval is three: the value, `_low` and `_high`. Labels that a spreadsheet
    would run as a formula are quoted with an apostrophe.
    """
    table = table_of(report.rows, "csv", columns=columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = (name for column in table.columns for name in names_of(column))
    writer.writerow([*LABELS, *names])
    for row, cells in table.lines:
        values = (row.strategy, row.budget, *(value for cell in cells for value in values_of(cell)))
        writer.writerow("" if value is None else spreadsheet_safe(value) for value in values)
    return text.getvalue()
