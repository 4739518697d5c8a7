"""The pages, from values to HTML that loads nothing; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import inf
from urllib.parse import quote

from markupsafe import Markup

from tts.engine import spell_recorded
from tts.errors import TTSError
from tts.eval.pages import Filters, render_template
from tts.eval.report import ComparisonReport, render_page, wording
from tts.eval.report.axes import Cost
from tts.eval.report.chart import Scale, axes, axis_names, path
from tts.eval.report.comparison_report import ProblemLine
from tts.eval.report.page import Links
from tts.eval.trace import RunLine
from tts.eval.view.problems import Listing, Pair
from tts.eval.view.source import JobLine, Source, Spending
from tts.ledger.questions import Spent
from tts.values import Usage

UNITS = (("seconds", 1.0, 300.0), ("minutes", 60.0, 18_000.0), ("hours", 3600.0, inf))
"""Of a job's time, with their length and the longest time that is told in them, in seconds."""
WIDTH, HEIGHT = 920.0, 280.0


def links_of(job: str, *, traced: bool) -> Links:
    """Where the pages of a job lie."""
    start = f"/job/{quote(job, safe='')}"
    return Links(
        home="/",
        problems=f"{start}/problems",
        problem=f"{start}/problem?id=",
        pairs=f"{start}/pair",
        spending=f"{start}/spending" if traced else "",
    )


def jobs_page(source: Source, jobs: Sequence[JobLine]) -> str:
    return _page("jobs", source=source, jobs=jobs)


def report_page(report: ComparisonReport, job: str, *, traced: bool, cost: Cost) -> str:
    """The report as `tts compare` writes it, with links into the rest."""
    return render_page(report, cost=cost, links=links_of(job, traced=traced))


def problems_page(report: ComparisonReport, job: str, found: Listing, *, traced: bool) -> str:
    links = links_of(job, traced=traced)
    return _page("problems", report=report, job=job, found=found, links=links)


def problem_page(
    report: ComparisonReport, job: str, line: ProblemLine, runs: Sequence[RunLine], *, traced: bool
) -> str:
    links, start = links_of(job, traced=traced), f"/job/{quote(job, safe='')}/run/"
    return _page("problem", report=report, job=job, line=line, runs=runs, links=links, start=start)


def pair_page(
    report: ComparisonReport, job: str, found: Pair, verdict: str, *, traced: bool
) -> str:
    links = links_of(job, traced=traced)
    return _page("pair", report=report, job=job, found=found, verdict=verdict, links=links)


def spending_page(job: str, found: Spending) -> str:
    figure = time_figure(found.over_time)
    return _page("spending", job=job, found=found, figure=figure, links=links_of(job, traced=True))


def error_page(error: TTSError) -> str:
    return _page("error", said=str(error))


def time_figure(spent: Sequence[Spent]) -> Markup:
    """Billed tokens so far over the time of a job; empty where nothing was answered."""
    if not spent:
        return Markup()
    took = spent[-1].at - spent[0].at
    unit, size = next((unit, size) for unit, size, most in UNITS if took <= most)
    total, points = 0, [(0.0, 0.0)]
    for one in spent:
        total += one.tokens
        points.append(((one.at - spent[0].at) / size, float(total)))
    longest = max(points[-1][0], 1e-3)
    across = Scale(low=0.0, high=longest, start=64.0, end=WIDTH - 20)
    up = Scale(low=0.0, high=float(max(total, 1)), start=HEIGHT - 40, end=34.0)
    line = path([(across(x), up(y)) for x, y in points], class_="line c0")
    return _framed(across, up, line, unit)


def _framed(across: Scale, up: Scale, line: Markup, unit: str) -> Markup:
    body = Markup("").join(
        [
            axes(
                across,
                up,
                x_ticks=across.ticks(),
                y_ticks=up.ticks(),
                x_word=wording.short,
                y_word=wording.short,
            ),
            axis_names(across, up, f"{unit} since the first call", "tokens billed"),
            line,
        ]
    )
    frame = '<svg class="figure" viewBox="0 0 {} {}" role="img" aria-label="Tokens billed over time">{}</svg>'
    return Markup(frame).format(WIDTH, HEIGHT, body)


def _page(name: str, **values: object) -> str:
    filters: Filters = {
        "count": wording.count,
        "short": wording.short,
        "when": _when,
        "money": _money,
        "spelled": _spelled,
    }
    return render_template(
        "tts.eval.view", values, filters, page=name, dressed=("tts.eval.report",)
    )


def _when(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "minutes")[:16]


def _money(usage: Usage) -> str:
    return "unknown" if usage.dollars is None else wording.money(usage.dollars)


def _spelled(name: str) -> str:
    return spell_recorded(name) if name.startswith("{") else name
