"""A plan, or a run of one, as a page that loads nothing: task, answer, calls over time, results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from tts.pages import render_template
from tts.pages.timeline import MOST_BARS, Bar, Kind, timeline
from tts.planner.language import Call, Plan, write_call
from tts.planner.report import CallReport, PlanReport, earliest_starts, longest_path


class Ended(Struct, frozen=True, kw_only=True):
    """What came of a task."""

    answer: str | None
    """None: there is none."""
    results: Mapping[int, str] = field(default_factory=dict)
    """By call, as prompts show them."""
    failures: Mapping[int, str] = field(default_factory=dict)
    """Why calls failed."""


class Line(Struct, frozen=True, kw_only=True):
    """A call in the table."""

    text: str
    needs: str
    end: str
    """Its result, its failure, or what it is expected to take."""
    failed: bool = False
    figures: tuple[str, ...] = ()


def page(plan: Plan, report: PlanReport, ended: Ended, *, task: str) -> str:
    """A run of a plan."""
    calls, failures = plan.by_id(), ended.failures
    facts = [
        (
            "took",
            f"{report.makespan:.3f} s, at least {report.lower_bound:.3f} s without any waiting",
        ),
        (
            "bounded by",
            f"{report.bounded_by}: {report.detail}" if report.detail else report.bounded_by,
        ),
        ("planner", f"{report.planner_seconds:.3f} s, {report.overlap:.3f} s of tools beside it"),
        ("joiner", f"{report.joiner_seconds:.3f} s"),
    ]
    return render_template(
        "tts.planner",
        {
            "lead": "A task as a plan of calls, and what came of it.",
            "task": task,
            "ran": True,
            "answer": ended.answer,
            "facts": facts,
            "notes": [],
            "bars": MOST_BARS,
            "figure": timeline(
                [_ran(calls[one.call], one, report, failures) for one in report.calls],
                named="Calls of the plan over time",
            ),
            "lines": [_line(calls[one.call], one, ended) for one in report.calls],
        },
    )


def planned_page(
    plan: Plan, seconds: Mapping[int, float], notes: Sequence[str], *, task: str
) -> str:
    """A plan that has not run, from the seconds that each call is expected to take."""
    starts, path = earliest_starts(plan, seconds), longest_path(plan, seconds)
    longest = max((starts[call.id] + seconds[call.id] for call in plan.calls), default=0.0)
    bars = [
        Bar(
            id=str(call.id),
            name=write_call(call),
            told=f"{seconds[call.id]:g} s expected",
            start=starts[call.id],
            seconds=seconds[call.id],
            inputs=_named(call),
            kind="bar path" if call.id in path else "bar",
        )
        for call in plan.calls
    ]
    return render_template(
        "tts.planner",
        {
            "lead": "A task as a plan of calls. Not run: nothing was called.",
            "task": task,
            "ran": False,
            "facts": [
                ("calls", str(len(plan.calls))),
                ("longest path", f"{longest:g} s, a call of unknown duration counted as 1 s"),
            ],
            "notes": notes,
            "bars": MOST_BARS,
            "figure": timeline(
                bars, named="Calls of the plan as expected", unit="seconds expected"
            ),
            "lines": [
                Line(
                    text=write_call(call),
                    needs=", ".join(_named(call)),
                    end=f"{seconds[call.id]:g} s",
                )
                for call in plan.calls
            ],
        },
    )


def _named(call: Call) -> tuple[str, ...]:
    return tuple(str(number) for number in call.inputs)


def _ran(call: Call, one: CallReport, report: PlanReport, failures: Mapping[int, str]) -> Bar:
    critical: Kind = "bar path" if one.call in report.critical_path else "bar"
    return Bar(
        id=str(call.id),
        name=write_call(call),
        told=f"{one.seconds:.3f} s, slack {one.slack:.3f} s, waited {one.waited:.3f} s",
        start=one.started if one.started is not None else one.sealed,
        seconds=one.seconds,
        waited=one.waited,
        inputs=_named(call),
        kind="bar failed" if one.call in failures else critical,
    )


def _line(call: Call, one: CallReport, ended: Ended) -> Line:
    failure = ended.failures.get(call.id)
    start = "–" if one.started is None else f"{one.started:.3f}"
    return Line(
        text=write_call(call),
        needs=", ".join(_named(call)),
        end=failure or ended.results.get(call.id, "not made"),
        failed=failure is not None,
        figures=(start, *(f"{value:.3f}" for value in (one.seconds, one.waited, one.slack))),
    )
