"""The report as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from markupsafe import Markup
from msgspec import Struct

from tts.eval.pages import render_template
from tts.eval.report import wording
from tts.eval.report.axes import AXES, Axis, Cost, axis_of
from tts.eval.report.columns import Column, Part, columns_by, table_of
from tts.eval.report.comparison_report import ComparisonReport, curves_of
from tts.eval.report.figures import bin_figure, cost_figure, spend_figure
from tts.eval.report.headline import decided, headline
from tts.eval.report.rows import Row
from tts.eval.statistics import FEWEST

RESULTS: tuple[Part, ...] = ("accuracy", "selection", "spend", "cost")
"""What the table of results shows; accounts have one of their own."""
MOST_LINES = 200
"""Lines of a table of problems, or of reasons, that the page shows; its data holds all of them."""


def render_page(
    report: ComparisonReport,
    *,
    cost: Cost = "tokens",
    log_cost: bool | None = None,
    columns: Sequence[Column] | None = None,
    links: Links | None = None,
) -> str:
    """HTML that loads nothing: its policy allows its own style and script by hash, and no more.

    All texts of the report are escaped. `cost` is the axis that is shown first, and a menu offers
    the others that are known of every row; the columns go by it unless they are given. `log_cost` sets the cost axis of the figures; None
    chooses by the range of costs. Of problems and of reasons it shows the first `MOST_LINES`, and
    says how all of them are listed. `links`: where a server shows more of it.
    """
    shares = [row.accuracy.value for row in report.rows if row.accuracy]
    reasons, charts = _reasons(report.rows), _charts(report, log_cost)
    columns = columns_by(cost) if columns is None else columns
    chosen = cost if any(chart.axis.name == cost for chart in charts) else "tokens"
    values = {
        "report": report,
        "headline": headline(report),
        "verdicts": _verdicts(report),
        "links": links,
        "results": table_of(report.rows, "page", RESULTS, columns=columns),
        "accounts": table_of(report.rows, "page", ("accounts",), columns=columns),
        "best": max(shares, default=None),
        "problems": report.problems[:MOST_LINES],
        "more_problems": _more(report, len(report.problems), "problems"),
        "reasons": reasons[:MOST_LINES],
        "more_reasons": _more(report, len(reasons), "reasons"),
        "fewest": FEWEST,
        "charts": charts,
        "chosen": chosen,
        "asked": axis_of(cost),
        "spend_figure": spend_figure(report.rows),
    }
    filters = {"count": wording.count, "short": wording.short}
    return render_template("tts.eval.report", values, filters)


class Links(Struct, frozen=True):
    """Addresses of what a page of its own shows."""

    home: str
    problems: str
    problem: str
    """Followed by the id of one."""
    pairs: str
    spending: str


class Verdicts(Struct, frozen=True):
    """The sentences on differences, parted by whether they are decided."""

    decided: tuple[str, ...]
    open: tuple[str, ...]


def _verdicts(report: ComparisonReport) -> Verdicts:
    rows = [row for row in report.rows if row.against is not None]
    if len(rows) != len(report.verdicts):
        return Verdicts(report.verdicts, ())
    pairs = list(zip(rows, report.verdicts, strict=True))
    return Verdicts(
        tuple(said for row, said in pairs if decided(row)),
        tuple(said for row, said in pairs if not decided(row)),
    )


def _reasons(rows: Sequence[Row]) -> list[tuple[Row, str, str, int]]:
    """What did not end in an answer: row, kind, reason and how often."""
    return [
        (row, kind, reason, count)
        for row in rows
        for kind, reasons in (
            ("failed or open", row.reasons),
            ("no answer", row.no_answer),
            ("draws missing", row.missing),
        )
        for reason, count in reasons.items()
    ]


def _more(report: ComparisonReport, lines: int, what: str) -> str:
    """How many lines are not shown and what lists them all; empty where none is missing."""
    if lines <= MOST_LINES:
        return ""
    job = dict(report.manifest).get("job", "")
    named = f"LEDGER --job {quote(job)}" if job else "LEDGER"
    return (
        f"… and {lines - MOST_LINES:,} more {what}: report.json beside this page holds all of them, "
        f"and tts ledger {named} --table runs --export FILE lists every run."
    )


class Chart(Struct, frozen=True):
    """The figures of one cost."""

    axis: Axis
    accuracy: Markup
    bins: Markup


def _charts(report: ComparisonReport, log: bool | None) -> list[Chart]:
    """One per cost that is known of every row and not always zero; tokens always."""
    found: list[Chart] = []
    for axis in AXES:
        costs = [axis.of(row) for row in report.rows]
        if axis.name == "tokens" or (None not in costs and any(costs)):
            # What is expected is known in tokens alone.
            reference = report.reference_curves if axis.name == "tokens" else ()
            curves = curves_of(report.rows, axis.name)
            accuracy = cost_figure(curves, cost=axis.name, reference=reference, log=log)
            bins = bin_figure(report.rows, cost=axis.name, log=log)
            found.append(Chart(axis, accuracy, bins))
    return [chart for chart in found if chart.accuracy]
