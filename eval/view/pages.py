"""The pages, from values to HTML that loads nothing; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import inf
from urllib.parse import quote

from markupsafe import Markup

from tts.engine import spell_recorded
from tts.errors import TTSError
from tts.eval.pilot import estimate_and_bill, spelled
from tts.eval.report import ComparisonReport, render_page, wording
from tts.eval.report.axes import Cost
from tts.eval.report.comparison_report import ProblemLine
from tts.eval.report.kinds import KINDS
from tts.eval.report.page import Links, address
from tts.eval.trace import RunLine
from tts.eval.view.outline import Outline
from tts.eval.view.problems import Listing, Pair
from tts.eval.view.source import JobLine, Source, Spending
from tts.ledger.questions import Bill, Spent
from tts.pages import Filters, render_template
from tts.pages.drawing import FRAMES, Frame, Scale, axes, axis_names, drawing, path
from tts.values import Usage

UNITS = (("seconds", 1.0, 300.0), ("minutes", 60.0, 18_000.0), ("hours", 3600.0, inf))
"""Of a job's time, with their length and the longest time that is told in them, in seconds."""
TIME_HEIGHT = 280.0


def links_of(job: str, *, traced: bool) -> Links:
    """Where the pages of a job lie."""
    start = f"/job/{quote(job, safe='')}"
    return Links(
        home="/",
        problems=f"{start}/problems",
        problem=f"{start}/problem?id=",
        pairs=f"{start}/pair",
        spending=f"{start}/spending" if traced else "",
        run=f"{start}/run/" if traced else "",
    )


def jobs_page(source: Source, jobs: Sequence[JobLine]) -> str:
    return _page("jobs", source=source, jobs=jobs)


def report_page(report: ComparisonReport, job: str, *, traced: bool, cost: Cost) -> str:
    """The report as `tts compare` writes it, with links into the rest."""
    return render_page(report, cost=cost, links=links_of(job, traced=traced))


def waiting_page(outline: Outline, job: str, *, traced: bool) -> str:
    """In place of any page of a report that is being made; it asks again by itself."""
    return _page("waiting", outline=outline, job=job, links=links_of(job, traced=traced))


def problems_page(report: ComparisonReport, job: str, found: Listing, *, traced: bool) -> str:
    links, shown = links_of(job, traced=traced), f"show={found.wanted}"
    same = shown if found.row is None else f"{shown}&row={found.row}"
    of_row = "" if found.row is None else f"&row={found.row}"
    return _page(
        "problems",
        report=report,
        job=job,
        found=found,
        links=links,
        kinds=KINDS,
        same=same,
        of_row=of_row,
    )


def problem_page(
    report: ComparisonReport, job: str, line: ProblemLine, runs: Sequence[RunLine], *, traced: bool
) -> str:
    links = links_of(job, traced=traced)
    return _page("problem", report=report, job=job, line=line, runs=runs, links=links)


def pair_page(
    report: ComparisonReport, job: str, found: Pair, verdict: str, *, traced: bool
) -> str:
    links = links_of(job, traced=traced)
    return _page("pair", report=report, job=job, found=found, verdict=verdict, links=links)


def spending_page(job: str, found: Spending, report: ComparisonReport | None = None) -> str:
    """`report`: where an estimate is to be set beside what its rows took."""
    told = ""
    if found.pilot is not None and found.bill is not None:
        told = estimate_and_bill(found.pilot, found.bill.upper)
    return _page(
        "spending",
        job=job,
        found=found,
        figure=time_figure(found.over_time, found.ceiling),
        told=told,
        spent={row.label: row.attributed.tokens for row in report.rows} if report else {},
        links=links_of(job, traced=True),
    )


def error_page(error: TTSError) -> str:
    return _page("error", said=str(error))


def time_figure(spent: Sequence[Spent], ceiling: int | None = None) -> Markup:
    """Billed tokens so far over the time of a job, below what its wallet holds; empty where
    nothing was answered."""
    if not spent:
        return Markup()
    took = spent[-1].at - spent[0].at
    unit, size = next((unit, size) for unit, size, most in UNITS if took <= most)
    total, points = 0, [(0.0, 0.0)]
    for one in spent:
        total += one.tokens
        points.append(((one.at - spent[0].at) / size, float(total)))
    return Markup("").join(_over_time(points, unit, ceiling, frame) for frame in FRAMES)


def _over_time(
    points: Sequence[tuple[float, float]], unit: str, ceiling: int | None, frame: Frame
) -> Markup:
    end, height = frame.width - 20, TIME_HEIGHT
    across = Scale(low=0.0, high=max(points[-1][0], 1e-3), start=60.0, end=end)
    most = max(points[-1][1], 1.0, float(ceiling or 0))
    up = Scale(low=0.0, high=most, start=height - 44, end=34.0)
    ends = [(across.start, up(ceiling)), (across.end, up(ceiling))] if ceiling else []
    return drawing(
        "Tokens billed over time",
        axes(
            across,
            up,
            x_ticks=across.ticks(frame.ticks),
            y_ticks=up.ticks(),
            x_word=wording.short,
            y_word=wording.short,
        ),
        axis_names(across, up, f"{unit} since the first call", "tokens billed"),
        path([(across(x), up(y)) for x, y in points], class_="line c0"),
        *([path(ends, class_="line c7 dashed")] if ends else []),
        width=frame.width,
        height=height,
        frame=frame.name,
    )


def _page(name: str, **values: object) -> str:
    filters: Filters = {
        "count": wording.count,
        "short": wording.short,
        "percent": wording.percent,
        "when": _when,
        "money": _money,
        "spelled": _spelled,
        "address": address,
        "tokens": _tokens,
        "forecast": spelled,
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


def _tokens(bill: Bill) -> str:
    low, high = wording.count(bill.lower.tokens), wording.count(bill.upper.tokens)
    return high if low == high else f"{low} to {high}"


def _spelled(name: str) -> str:
    return spell_recorded(name) if name.startswith("{") else name
