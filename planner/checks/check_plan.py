"""Whether a whole plan can be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from tts.planner.checks.check_call import check_call, result_of
from tts.planner.checks.fields import NoField, field_of
from tts.planner.checks.limits import PlanLimits
from tts.planner.checks.schemas import Typed
from tts.planner.language import ITEM, Fault, Plan, references
from tts.tools import Tool

_DEFAULT = PlanLimits()


def check_plan(
    plan: Plan,
    tools: Mapping[str, Tool],
    *,
    lines: Mapping[int, int] | None = None,
    limits: PlanLimits = _DEFAULT,
) -> tuple[Fault, ...]:
    """Every fault of a plan, in its order; none: it may run. `lines`: where calls were written."""
    lines = lines or {}
    faults: list[Fault] = []
    results: dict[int, Typed] = {}
    later = plan.by_id()
    in_cycle = cycle(plan)
    for call in plan.calls:
        for fault in check_call(call, tools, results, lines.get(call.id, 0)):
            if fault.kind == "unknown reference":
                fault = _placed(fault, later, in_cycle)
            faults.append(fault)
        results[call.id] = result_of(call, tools.get(call.tool))
    faults += _answer(plan, results)
    faults += too_large(plan, limits)
    return tuple(faults)


def cycle(plan: Plan) -> frozenset[int]:
    """Calls that wait for themselves, directly or through others."""
    inputs = {call.id: set(call.inputs) for call in plan.calls}
    while True:
        free = [number for number, needs in inputs.items() if not needs & inputs.keys()]
        if not free:
            break
        for number in free:
            del inputs[number]
    while True:
        used = {need for needs in inputs.values() for need in needs}
        unused = [number for number in inputs if number not in used]
        if not unused:
            return frozenset(inputs)
        for number in unused:
            del inputs[number]


def _placed(fault: Fault, later: Mapping[int, object], in_cycle: frozenset[int]) -> Fault:
    """An unknown reference, told apart: into a cycle, to a later call, or to none at all."""
    target = int("".join(c for c in fault.got.split(".")[0].split("[")[0] if c.isdigit()) or 0)
    if fault.call in in_cycle and target in in_cycle:
        circle = ", ".join(f"${number}" for number in sorted(in_cycle))
        return replace(fault, kind="cycle", message=f"{circle} wait for each other")
    if target in later:
        return replace(fault, kind="forward reference", message=f"call {target} comes later")
    return fault


def _answer(plan: Plan, results: Mapping[int, Typed]) -> Iterator[Fault]:
    for reference in references(plan.answer):
        if reference.call == ITEM or reference.call not in results:
            known = ", ".join(f"${number}" for number in results) or "none"
            yield Fault(
                kind="unknown reference",
                message="the answer is no call of the plan",
                expected=f"one of {known}",
                got=str(reference),
            )
            continue
        try:
            field_of(results[reference.call], reference)
        except NoField as error:
            yield Fault(
                kind="unknown field",
                message=f"the answer: {error}",
                expected=error.expected,
                got=error.got,
                nearest=error.nearest,
            )


def too_large(plan: Plan, limits: PlanLimits) -> Iterator[Fault]:
    """Faults of size: too many calls, too deep, too much fan-out."""
    depths: dict[int, int] = {}
    users: dict[int, int] = {}
    for call in plan.calls:
        depths[call.id] = 1 + max((depths.get(number, 0) for number in call.inputs), default=0)
        for number in call.inputs:
            users[number] = users.get(number, 0) + 1
    sizes = (
        ("calls", len(plan.calls), limits.calls),
        ("calls that follow one another", max(depths.values(), default=0), limits.depth),
        ("users of one result", max(users.values(), default=0), limits.fan_out),
    )
    for what, got, most in sizes:
        if got > most:
            yield Fault(
                kind="too large",
                message=f"the plan has {got} {what}",
                expected=f"at most {most}",
                got=str(got),
            )
