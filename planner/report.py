"""What a run of a plan took, what it could have taken, what bounded it, and its graph as Mermaid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tts.planner.execution import Timeline
from tts.planner.language import Call, Plan, references, write_call

Bound = Literal["planner", "tool", "cap", "joiner", "nothing"]
_NEAR = 1e-3
"""Seconds that count as no wait at all."""
_NOTABLE = 0.1
"""Part of a run."""


class CallReport(Struct, frozen=True, kw_only=True):
    """One call; seconds since the run began."""

    call: int
    tool: str
    sealed: float
    started: float | None
    """None: it was found in the ledger, or never made."""
    ended: float | None
    seconds: float
    """Of its own work."""
    waited: float
    """Between the end of its last input and its start: caps, budget and the executor itself."""
    slack: float
    """How much longer it could have taken without making the run longer."""


class PlanReport(Struct, frozen=True, kw_only=True):
    """A run of a plan in seconds."""

    makespan: float
    lower_bound: float
    """Planner's first call, the longest path of measured durations, joiner: no waiting at all."""
    critical_path: tuple[int, ...]
    planner_seconds: float
    joiner_seconds: float
    overlap: float
    """Seconds of tool work done while the planner was still writing."""
    bounded_by: Bound
    detail: str
    """The tool or call behind `bounded_by`."""
    calls: tuple[CallReport, ...]


def plan_report(plan: Plan, timeline: Timeline) -> PlanReport:
    """The report of a run that has ended, well or not."""
    durations, tails = _durations(plan, timeline), dict[int, float]()
    for call in reversed(plan.calls):
        tails[call.id] = durations[call.id] + tails.get(call.id, 0.0)
        for before in call.inputs:
            tails[before] = max(tails.get(before, 0.0), tails[call.id])
    heads = earliest_starts(plan, durations)
    longest = max((heads[c.id] + durations[c.id] for c in plan.calls), default=0.0)
    reports = tuple(
        _call(call, timeline, durations[call.id], longest - heads[call.id] - tails[call.id])
        for call in plan.calls
    )
    path = longest_path(plan, durations)
    planner = sum(turn.ended - turn.started for turn in timeline.turns if turn.phase != "join")
    joiner = sum(turn.ended - turn.started for turn in timeline.turns if turn.phase == "join")
    makespan = max(0.0, timeline.ended - timeline.started)
    first = min((report.sealed for report in reports), default=planner)
    bound, detail = _bounded(plan, path, reports, planner, joiner, makespan)
    return PlanReport(
        makespan=makespan,
        lower_bound=max(planner, first + longest) + joiner,
        critical_path=path,
        planner_seconds=planner,
        joiner_seconds=joiner,
        overlap=_overlap(timeline),
        bounded_by=bound,
        detail=detail,
        calls=reports,
    )


def _durations(plan: Plan, timeline: Timeline) -> dict[int, float]:
    spans = timeline.spans
    return {
        call.id: (span.ended - span.started)
        if (span := spans.get(call.id)) and span.started is not None and span.ended is not None
        else 0.0
        for call in plan.calls
    }


def earliest_starts(plan: Plan, durations: Mapping[int, float]) -> dict[int, float]:
    """Earliest start of each call if nothing ever waited; calls stand behind their inputs."""
    heads: dict[int, float] = {}
    for call in plan.calls:
        ends = [heads[n] + durations[n] for n in call.inputs if n in heads]
        heads[call.id] = max(ends, default=0.0)
    return heads


def longest_path(plan: Plan, durations: Mapping[int, float]) -> tuple[int, ...]:
    """The calls of the longest path, first to last; inputs that come later are none."""
    heads = earliest_starts(plan, durations)
    place = {call.id: number for number, call in enumerate(plan.calls)}
    current = max(heads, key=lambda n: heads[n] + durations[n], default=None)
    path: list[int] = []
    while current is not None:
        path.append(current)
        here = place[current]
        inputs = [n for n in plan.calls[here].inputs if place.get(n, here) < here]
        current = max(inputs, key=lambda n: heads[n] + durations[n], default=None)
    return tuple(reversed(path))


def _call(call: Call, timeline: Timeline, seconds: float, slack: float) -> CallReport:
    span = timeline.spans.get(call.id)
    spans, zero = timeline.spans, timeline.started
    sealed = span.sealed if span and span.sealed is not None else zero
    ends = [spans[n].ended or 0.0 for n in call.inputs if n in spans and spans[n].ended is not None]
    ready = max([sealed, *ends])
    started = span.started if span else None
    ended = span.ended if span else None
    return CallReport(
        call=call.id,
        tool=call.tool,
        sealed=sealed - zero,
        started=None if started is None else started - zero,
        ended=None if ended is None else ended - zero,
        seconds=seconds,
        waited=0.0 if started is None else max(0.0, started - ready),
        slack=max(0.0, slack),
    )


def _overlap(timeline: Timeline) -> float:
    turns = [turn for turn in timeline.turns if turn.phase != "join"]
    return sum(
        max(0.0, min(span.ended, turn.ended) - max(span.started, turn.started))
        for span in timeline.spans.values()
        if span.started is not None and span.ended is not None
        for turn in turns
    )


def _bounded(
    plan: Plan,
    path: tuple[int, ...],
    calls: tuple[CallReport, ...],
    planner: float,
    joiner: float,
    makespan: float,
) -> tuple[Bound, str]:
    """The largest share of the run; waits count before tools where a tenth of it was waiting."""
    if makespan <= 0:
        return "nothing", ""
    by_id = {report.call: report for report in calls}
    on_path = [by_id[number] for number in path]
    waits = [report for report in _last_chain(plan, by_id) if report.waited > _NEAR]
    waited = sum(report.waited for report in waits)
    slowest = max(on_path, key=lambda report: report.seconds, default=None)
    shares: list[tuple[float, Bound, str]] = [
        (planner, "planner", "the plan's own text"),
        (joiner, "joiner", "the joiner's text"),
        (sum(r.seconds for r in on_path), "tool", _named(slowest)),
    ]
    _, bound, detail = max(shares, key=lambda share: share[0])
    if bound == "tool" and waited > _NOTABLE * makespan:
        return "cap", ", ".join(dict.fromkeys(report.tool for report in waits))
    return bound, detail


def _last_chain(plan: Plan, reports: dict[int, CallReport]) -> list[CallReport]:
    """The call that ended last, before it the input that it waited for longest, and so on."""
    calls, chain = plan.by_id(), list[CallReport]()
    candidates = list(reports.values())
    while ended := [report for report in candidates if report.ended is not None]:
        last = max(ended, key=lambda report: report.ended or 0.0)
        chain.append(last)
        candidates = [reports[n] for n in calls[last.call].inputs if n in reports]
    return chain


def _named(report: CallReport | None) -> str:
    return f"{report.tool} (call {report.call})" if report else ""


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
