"""A plan as a Mermaid flowchart."""

from __future__ import annotations

from tts.planner.language import Plan, references, write_call
from tts.planner.report.report import PlanReport

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
