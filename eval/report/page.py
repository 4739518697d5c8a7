"""The report as one self-contained page."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import get_args

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tts.eval.report import wording
from tts.eval.report.comparison_report import ComparisonReport, curves_of
from tts.eval.report.export import reasons_of
from tts.eval.report.figures import bin_figure, cost_figure, spend_figure
from tts.eval.statistics import FEWEST
from tts.values import StoppedBy
from tts.values.visible import visible

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
)


def render_page(report: ComparisonReport, *, log_cost: bool | None = None) -> str:
    """HTML that loads nothing: its policy allows its own style and script by hash, and no more.

    All texts of the report are escaped. `log_cost` sets the cost axis of the figures; None
    chooses by the range of costs.
    """
    style, script = _resource("page.css"), _resource("page.js")
    shares = [row.accuracy.value for row in report.rows if row.accuracy]
    return (
        _environment()
        .from_string(_resource("page.html"))
        .render(
            report=report,
            best=max(shares, default=None),
            reasons=_reasons(report),
            fewest=FEWEST,
            stops=_stops(report),
            policy=_policy(style, script),
            style=Markup(style),
            script=Markup(script),
            token_figure=cost_figure(
                curves_of(report.rows, "tokens"),
                cost="tokens",
                reference=report.reference_curves,
                log=log_cost,
            ),
            dollar_figure=_dollar_figure(report, log_cost),
            bin_figure=bin_figure(report.rows, log=log_cost),
            spend_figure=spend_figure(report.rows),
        )
    )


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


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["visible"] = visible
    environment.filters["duration"] = wording.duration
    environment.filters |= {name: getattr(wording, name) for name in _FILTERS}
    return environment


def _resource(name: str) -> str:
    return files("tts.eval.report").joinpath(name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
