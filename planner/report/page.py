"""A plan, or a run of one, drawn: an HTML page with a bar per call, and a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from msgspec import Struct

from tts.planner.language import Call, Plan, references, write_call
from tts.planner.report.report import CallReport, PlanReport, earliest_starts, longest_path

_WIDTH, _ROW = 720, 24
_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Plan</title>
<style>body{font:14px system-ui;margin:2rem;max-width:75rem}code{font-size:13px}
td,th{text-align:left;padding:2px 10px}rect{fill:#7a9cc6}.path rect{fill:#c2643f}</style>
<h1>Plan</h1>"""


class _Bar(Struct, frozen=True):
    """One call: what it says, when, how long, and whether the longest path goes through it."""

    label: str
    title: str
    start: float
    seconds: float
    critical: bool


def page(plan: Plan, report: PlanReport) -> str:
    """A run as a page without scripts or anything to load."""
    calls = plan.by_id()
    bars = [_ran(calls[one.call], one, one.call in report.critical_path) for one in report.calls]
    facts = [
        ("makespan", f"{report.makespan:.3f} s"),
        ("lower bound", f"{report.lower_bound:.3f} s"),
        ("bounded by", f"{report.bounded_by}: {report.detail}"),
        ("planner", f"{report.planner_seconds:.3f} s, {report.overlap:.3f} s of tools beside it"),
        ("joiner", f"{report.joiner_seconds:.3f} s"),
    ]
    return _page(facts, bars, report.makespan)


def planned_page(plan: Plan, seconds: Mapping[int, float], notes: Sequence[str]) -> str:
    """A plan that has not run, from the seconds that each call is expected to take."""
    starts, path = earliest_starts(plan, seconds), longest_path(plan, seconds)
    bars = [
        _Bar(
            label=write_call(call),
            title=f"{seconds[call.id]:g} s expected",
            start=starts[call.id],
            seconds=seconds[call.id],
            critical=call.id in path,
        )
        for call in plan.calls
    ]
    longest = max((bar.start + bar.seconds for bar in bars), default=0.0)
    facts = [
        ("state", "not run: nothing was called"),
        ("calls", str(len(plan.calls))),
        ("longest path", f"{longest:g} s expected, where a call of unknown duration counts as 1 s"),
        *(("", note) for note in notes),
    ]
    return _page(facts, bars, longest)


def _ran(call: Call, one: CallReport, critical: bool) -> _Bar:
    return _Bar(
        label=write_call(call),
        title=f"{one.seconds:.3f} s, slack {one.slack:.3f} s, waited {one.waited:.3f} s",
        start=one.started if one.started is not None else one.sealed,
        seconds=one.seconds,
        critical=critical,
    )


def _page(facts: Sequence[tuple[str, str]], bars: Sequence[_Bar], longest: float) -> str:
    scale = _WIDTH / max(longest, 1e-9)
    rows = "".join(_row(place, bar, scale) for place, bar in enumerate(bars))
    height = _ROW * (len(bars) + 1)
    chart = f'<svg width="{_WIDTH + 520}" height="{height}" role="img">{rows}</svg>'
    listed = "".join(f"<tr><th>{escape(name)}<td>{escape(text)}" for name, text in facts)
    return f"{_HEAD}<table>{listed}</table>{chart}</html>\n"


def _row(place: int, bar: _Bar, scale: float) -> str:
    top = place * _ROW + 4
    start, width = bar.start * scale, max(1.0, bar.seconds * scale)
    label = escape(bar.label if len(bar.label) <= 70 else f"{bar.label[:69]}…")
    return (
        f'<g class="{"path" if bar.critical else "call"}"><title>{escape(bar.title)}</title>'
        f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="16"/>'
        f'<text x="{min(start + width, _WIDTH) + 6:.1f}" y="{top + 13}" font-size="12">{label}'
        "</text></g>"
    )


_LONGEST = 60


def mermaid(plan: Plan, report: PlanReport | None = None) -> str:
    """The graph, with measured seconds and the longest path where there is a report."""
    seconds = {call.call: call.seconds for call in report.calls} if report else {}
    lines = ["flowchart TD"]
    for call in plan.calls:
        text = _shown(write_call(call))
        more = f"<br/>{seconds[call.id]:.2f} s" if call.id in seconds else ""
        lines.append(f'  c{call.id}["{text}{more}"]')
        lines += [f"  c{number} --> c{call.id}" for number in call.inputs]
    lines.append("  end_((join))" if plan.joined else "  end_((answer))")
    last = plan.sinks if plan.joined else [r.call for r in references(plan.answer)]
    lines += [f"  c{number} --> end_" for number in dict.fromkeys(last)]
    for number in report.critical_path if report else ():
        lines.append(f"  style c{number} stroke-width:3px")
    return "\n".join(lines) + "\n"


def _shown(text: str) -> str:
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    for letter, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        short = short.replace(letter, entity)
    return short
