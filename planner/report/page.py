"""A run of a plan as one HTML page: a bar per call on a common time axis."""

from __future__ import annotations

from html import escape

from tts.planner.language import Plan, write_call
from tts.planner.report.report import CallReport, PlanReport

_WIDTH, _ROW = 720, 24
_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Plan</title>
<style>body{font:14px system-ui;margin:2rem;max-width:75rem}code{font-size:13px}
td,th{text-align:left;padding:2px 10px}rect{fill:#7a9cc6}.path rect{fill:#c2643f}</style>
<h1>Plan</h1>"""


def page(plan: Plan, report: PlanReport) -> str:
    """A page without scripts or anything to load."""
    calls = plan.by_id()
    scale = _WIDTH / max(report.makespan, 1e-9)
    rows = [
        _row(place, one, write_call(calls[one.call]), scale, one.call in report.critical_path)
        for place, one in enumerate(report.calls)
    ]
    height = _ROW * (len(rows) + 1)
    chart = f'<svg width="{_WIDTH + 520}" height="{height}" role="img">{"".join(rows)}</svg>'
    facts = [
        ("makespan", f"{report.makespan:.3f} s"),
        ("lower bound", f"{report.lower_bound:.3f} s"),
        ("bounded by", f"{report.bounded_by}: {report.detail}"),
        ("planner", f"{report.planner_seconds:.3f} s, {report.overlap:.3f} s of tools beside it"),
        ("joiner", f"{report.joiner_seconds:.3f} s"),
    ]
    listed = "".join(f"<tr><th>{name}<td>{escape(text)}" for name, text in facts)
    return f"{_HEAD}<table>{listed}</table>{chart}</html>\n"


def _row(place: int, one: CallReport, text: str, scale: float, critical: bool) -> str:
    top = place * _ROW + 4
    start = (one.started if one.started is not None else one.sealed) * scale
    width = max(1.0, one.seconds * scale)
    label = escape(text if len(text) <= 70 else f"{text[:69]}…")
    return (
        f'<g class="{"path" if critical else "call"}"><title>{one.seconds:.3f} s, slack '
        f'{one.slack:.3f} s, waited {one.waited:.3f} s</title><rect x="{start:.1f}" y="{top}" '
        f'width="{width:.1f}" height="16"/><text x="{min(start + width, _WIDTH) + 6:.1f}" '
        f'y="{top + 13}" font-size="12">{label}</text></g>'
    )
