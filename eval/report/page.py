"""The report as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from urllib.parse import quote as quote_url

from markupsafe import Markup
from msgspec import Struct

from tts.eval.report import wording
from tts.eval.report.axes import AXES, Axis, Cost, axis_of
from tts.eval.report.column import Column, Part
from tts.eval.report.columns import columns_by, table_of
from tts.eval.report.comparison_report import Cell, ComparisonReport, ProblemLine, curves_of
from tts.eval.report.figures import bin_figure, cost_figure, cost_scale, spend_figure
from tts.eval.report.headline import headline
from tts.eval.report.kinds import KINDS, kinds_of
from tts.eval.report.rows import Row
from tts.eval.report.verdicts import HEADS, verdicts_of
from tts.eval.statistics import FEWEST
from tts.pages import Filters, render_template
from tts.pages.drawing import wide

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
    reasons, charts = _reasons(report.rows), charts_of(report, log_cost)
    columns = columns_by(cost) if columns is None else columns
    chosen = cost if any(chart.axis.name == cost for chart in charts) else "tokens"
    values = {
        "report": report,
        "headline": headline(report.rows),
        "verdicts": verdicts_of(report.rows),
        "heads": HEADS,
        "links": links,
        "results": table_of(report.rows, "page", RESULTS, columns=columns),
        "accounts": table_of(report.rows, "page", ("accounts",), columns=columns),
        "best": max(shares, default=None),
        "problems": report.problems[:MOST_LINES],
        "kinds": KINDS,
        "more_problems": _more(report, len(report.problems), "problems"),
        "reasons": reasons[:MOST_LINES],
        "more_reasons": _more(report, len(reasons), "reasons"),
        "fewest": FEWEST,
        "charts": charts,
        "scales": _scales(charts, chosen),
        "chosen": chosen,
        "asked": axis_of(cost),
        "spend_figure": spend_figure(report.rows),
    }
    filters: Filters = {
        "count": wording.count,
        "short": wording.short,
        "gap": wording.gap,
        "gap_interval": wording.gap_interval,
        "chance": wording.chance,
        "percent": wording.percent,
        "kinds": kinds_of,
        "address": address,
    }
    return render_template("tts.eval.report", values, filters)


class Links(Struct, frozen=True):
    """Addresses of what a page of its own shows."""

    home: str
    problems: str
    problem: str
    """Followed by the id of one."""
    pairs: str
    spending: str
    run: str = ""
    """Followed by the id of one; empty: single runs are not kept."""


def address(links: Links | None, line: ProblemLine, cell: Cell | None = None) -> str:
    """Where a cell's transcript, votes and scores are shown; of several runs, or where no run is
    kept, the page of the problem. Empty without a server."""
    if links is None:
        return ""
    if cell is not None and cell.runs == 1 and cell.run_id and links.run:
        return links.run + quote_url(cell.run_id, safe="")
    return links.problem + quote_url(line.problem_id, safe="")


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


class Scaled(Struct, frozen=True):
    """A figure and the scales of its cost axis for which it stands."""

    scales: tuple[str, ...]
    figure: Markup


class Chart(Struct, frozen=True):
    """The figures of one cost."""

    axis: Axis
    accuracy: tuple[Scaled, ...]
    """That of the scale which is shown first before the others."""
    bins: Markup


def charts_of(report: ComparisonReport, log: bool | None = None) -> list[Chart]:
    """One per cost that is known of every row and not always zero; tokens always."""
    found: list[Chart] = []
    for axis in AXES:
        costs = [axis.of(row) for row in report.rows]
        if axis.name == "tokens" or (None not in costs and any(costs)):
            accuracy = _scaled(report, axis, log)
            found.append(Chart(axis, accuracy, bin_figure(report.rows, cost=axis.name, log=log)))
    return [chart for chart in found if chart.accuracy]


def figures_of(report: ComparisonReport) -> dict[str, str]:
    """Every figure of the page as it is drawn when there is room, by the name of its file."""
    found: dict[str, str] = {}
    for chart in charts_of(report):
        for place, one in enumerate(chart.accuracy):
            scale = f"-{one.scales[0]}" if place else ""
            found[f"accuracy-{chart.axis.name}{scale}"] = wide(one.figure)
        if chart.bins:
            found[f"difficulty-{chart.axis.name}"] = wide(chart.bins)
    if spent := spend_figure(report.rows):
        found["spend"] = wide(spent)
    return found


def _scaled(report: ComparisonReport, axis: Axis, log: bool | None) -> tuple[Scaled, ...]:
    """Accuracy against a cost on both scales, where a logarithm can be taken of it."""
    # What is expected is known in tokens alone.
    reference = report.reference_curves if axis.name == "tokens" else ()
    curves = curves_of(report.rows, axis.name)
    costs = [point.cost for curve in (*curves, *reference) for point in curve.points]
    if not costs:
        return ()
    both = (False, True) if min(costs) > 0 else (False,)
    first = cost_scale(costs, log).log
    drawn = {one: cost_figure(curves, cost=axis.name, reference=reference, log=one) for one in both}
    if len(both) == 1:
        return (Scaled(("linear", "log"), drawn[False]),)
    return tuple(
        Scaled(("log" if one else "linear",), drawn[one])
        for one in sorted(both, key=lambda scale: scale != first)
    )


def _scales(charts: Sequence[Chart], chosen: str) -> tuple[str, ...]:
    """The scales of the figure that is shown first, its own before the other."""
    first = next((chart for chart in charts if chart.axis.name == chosen), None)
    return tuple(name for one in first.accuracy for name in one.scales) if first else ()
