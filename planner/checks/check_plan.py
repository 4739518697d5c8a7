"""Whether a whole plan can be run, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tts.planner.checks.check_call import Checker, numbers
from tts.planner.checks.schemas import NoField, Typed, field_of
from tts.planner.language import ITEM, Fault, Plan, references
from tts.tools import Tool


class PlanLimits(Struct, frozen=True, kw_only=True):
    """Ceilings on what one plan may ask for; they bound what a runaway planner can start."""

    calls: int = 256
    depth: int = 64
    """Calls that follow one another."""
    fan_out: int = 256
    """Calls that use one result, and elements of one `each`."""


_DEFAULT = PlanLimits()


def check_plan(
    plan: Plan,
    tools: Mapping[str, Tool],
    *,
    lines: Mapping[int, int] | None = None,
    limits: PlanLimits = _DEFAULT,
) -> tuple[Fault, ...]:
    """Every fault of a plan, in its order; none: it may run. `lines`: where calls were written."""
    if len(plan.calls) > limits.calls:
        return (_too_many("calls", len(plan.calls), limits.calls),)
    lines = lines or {}
    faults: list[Fault] = []
    checker, placing = Checker(tools), _Placing(plan)
    for call in plan.calls:
        faults += map(placing.placed, checker.faults(call, lines.get(call.id, 0)))
        checker.learn(call)
    faults += _answer(plan, checker.results)
    faults += too_large(plan, limits)
    return tuple(faults)


def cycle(plan: Plan) -> frozenset[int]:
    """Calls that wait for themselves, directly or through others."""
    inputs = {call.id: frozenset(call.inputs) for call in plan.calls}
    left = _peeled(inputs)
    users: dict[int, set[int]] = {number: set() for number in left}
    for number in left:
        for before in inputs[number] & left:
            users[before].add(number)
    return _peeled({number: frozenset(after) for number, after in users.items()})


def _peeled(needs: Mapping[int, frozenset[int]]) -> frozenset[int]:
    """What is left when whatever needs nothing that is left is taken away, again and again."""
    waiting = {number: sum(one in needs for one in others) for number, others in needs.items()}
    users: dict[int, list[int]] = {}
    for number, others in needs.items():
        for one in others:
            users.setdefault(one, []).append(number)
    free = [number for number, count in waiting.items() if count == 0]
    while free:
        gone = free.pop()
        del waiting[gone]
        for user in users.get(gone, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                free.append(user)
    return frozenset(waiting)


class _Placing:
    """Tells unknown references apart: into a cycle, to a later call, or to none at all."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def _ids(self) -> frozenset[int]:
        return frozenset(call.id for call in self.plan.calls)

    @cached_property
    def _cycle(self) -> frozenset[int]:
        return cycle(self.plan)

    @cached_property
    def _circle(self) -> str:
        return numbers(sorted(self._cycle))

    def placed(self, fault: Fault) -> Fault:
        if fault.kind != "unknown reference":
            return fault
        if fault.call in self._cycle and fault.target in self._cycle:
            return replace(fault, kind="cycle", message=f"{self._circle} wait for each other")
        if fault.target in self._ids:
            message = f"call {fault.target} comes later"
            return replace(fault, kind="forward reference", message=message)
        return fault


def _answer(plan: Plan, results: Mapping[int, Typed]) -> Iterator[Fault]:
    for reference in references(plan.answer):
        if reference.call == ITEM or reference.call not in results:
            known = numbers(results) or "none"
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
        inputs = call.inputs
        depths[call.id] = 1 + max((depths.get(number, 0) for number in inputs), default=0)
        for number in inputs:
            users[number] = users.get(number, 0) + 1
    sizes = (
        ("calls", len(plan.calls), limits.calls),
        ("calls that follow one another", max(depths.values(), default=0), limits.depth),
        ("users of one result", max(users.values(), default=0), limits.fan_out),
    )
    yield from (_too_many(what, got, most) for what, got, most in sizes if got > most)


def _too_many(what: str, got: int, most: int) -> Fault:
    return Fault(
        kind="too large",
        message=f"the plan has {got} {what}",
        expected=f"at most {most}",
        got=str(got),
    )
