"""The report as one self-contained page."""

from __future__ import annotations

from typing import get_args

from markupsafe import Markup

from tts.eval.pages import render_template
from tts.eval.report import wording
from tts.eval.report.comparison_report import ComparisonReport, curves_of
from tts.eval.report.export import reasons_of
from tts.eval.report.figures import bin_figure, cost_figure, spend_figure
from tts.eval.statistics import FEWEST
from tts.values import StoppedBy

_FILTERS = (
    "percent",
    "interval",
    "sure",
    "gap",
    "gap_interval",
    "chance",
    "count",
    "short",
    "money",
    "duration",
)


def render_page(report: ComparisonReport, *, log_cost: bool | None = None) -> str:
    """HTML that loads nothing: its policy allows its own style and script by hash, and no more.

    All texts of the report are escaped. `log_cost` sets the cost axis of the figures; None
    chooses by the range of costs.
    """
    shares = [row.accuracy.value for row in report.rows if row.accuracy]
    values = {
        "report": report,
        "best": max(shares, default=None),
        "reasons": _reasons(report),
        "fewest": FEWEST,
        "stops": _stops(report),
        "token_figure": cost_figure(
            curves_of(report.rows, "tokens"),
            cost="tokens",
            reference=report.reference_curves,
            log=log_cost,
        ),
        "dollar_figure": _dollar_figure(report, log_cost),
        "bin_figure": bin_figure(report.rows, log=log_cost),
        "spend_figure": spend_figure(report.rows),
    }
    filters = {name: getattr(wording, name) for name in _FILTERS}
    return render_template("tts.eval.report", values, filters)


def _reasons(report: ComparisonReport) -> list[tuple[str, str, str, str, int]]:
    return [
        (row.strategy, row.budget, kind.replace("_", " "), reason, count)
        for row in report.rows
        for kind, reasons in reasons_of(row).items()
        for reason, count in reasons.items()
    ]


def _stops(report: ComparisonReport) -> list[str]:
    return [
        stop for stop in get_args(StoppedBy) if any(stop in row.stopped_by for row in report.rows)
    ]


def _dollar_figure(report: ComparisonReport, log: bool | None) -> Markup:
    """Left out unless every price is known and something was paid."""
    spent = [row.dollars_per_run for row in report.rows]
    known = [dollars for dollars in spent if dollars]
    if len(known) < len(spent):
        return Markup("")
    return cost_figure(curves_of(report.rows, "dollars"), cost="dollars", log=log)
