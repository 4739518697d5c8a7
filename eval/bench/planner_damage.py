"""Damaged plans: how many of them the checks and doubts find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from tts.eval.bench.report import Row, at_least, exactly, figure
from tts.planner import Call, Plan, check_plan
from tts.planner.checks import doubts, result_of
from tts.planner.language import Reference, Text, redirected, replaced
from tts.tools import Tool, ToolSet

Damage = Callable[[Plan, ToolSet], Iterator[Plan]]
"""A plan with one damage, for every place that it can be done."""


def dropped_line(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """One call is missing."""
    for gone in plan.calls:
        yield replace(plan, calls=tuple(call for call in plan.calls if call is not gone))


def misspelt_tool(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """A letter of a tool's name is doubled."""
    for call in plan.calls:
        place = call.id % len(call.tool)
        name = call.tool[:place] + call.tool[place] + call.tool[place:]
        yield _with(plan, replace(call, tool=name))


def other_tool(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """A tool's name is that of another tool of the set."""
    for call in plan.calls:
        for name in tools:
            if name != call.tool:
                yield _with(plan, replace(call, tool=name))


def swapped_id(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """A reference goes to another call, be it of the same tool."""
    for call, old in _references(plan):
        for other in plan.calls:
            if other.id not in (old.call, call.id if call else 0):
                yield _pointed(plan, call, old, Reference(other.id, old.path))


def misspelt_field(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """The last letter of a field that a reference asks for is doubled."""
    for call, old in _references(plan):
        if old.path and isinstance(last := old.path[-1], str):
            yield _pointed(plan, call, old, Reference(old.call, (*old.path[:-1], last + last[-1:])))


def cycle(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """A call waits for one that waits for it."""
    for user in plan.calls:
        for number in user.inputs:
            first = plan.by_id()[number]
            yield _with(plan, replace(first, after=(*first.after, user.id)))


def other_field(plan: Plan, tools: ToolSet) -> Iterator[Plan]:
    """A reference asks for another field that is there."""
    for call, old in _references(plan):
        tool = tools.get(plan.by_id()[old.call].tool) if old.path else None
        for name in _fields(tool, old) if tool else ():
            yield _pointed(plan, call, old, Reference(old.call, (*old.path[:-1], name)))


def joined_plans(first: Plan, second: Plan) -> Plan:
    """Two plans as one that answers both, so that a wrong id has somewhere to point to."""
    shift = max((call.id for call in first.calls), default=0)

    def later(found: Reference) -> Reference:
        return Reference(found.call + shift, found.path)

    calls = tuple(
        replace(call, id=call.id + shift, arguments=redirected(call.arguments, later))
        for call in second.calls
    )
    answer = {"first": first.answer, "second": redirected(second.answer, later)}
    return Plan(calls=(*first.calls, *calls), answer=answer, joined=False)


def _references(plan: Plan) -> Iterator[tuple[Call | None, Reference]]:
    """Every reference once per place that holds it; None: the answer."""
    for call in plan.calls:
        yield from ((call, reference) for reference in dict.fromkeys(call.references()))
    answer = Call(id=0, tool="", arguments={"answer": plan.answer})
    yield from ((None, reference) for reference in dict.fromkeys(answer.references()))


def _fields(tool: Tool, reference: Reference) -> Iterator[str]:
    """What stands beside the field that is asked for."""
    found = result_of(Call(id=1, tool=tool.name), tool)
    for step in reference.path[:-1]:
        schema = found.schema
        inner = schema.get("items") if isinstance(step, int) else schema["properties"].get(step)
        found = found.at(inner or {})
    for name in found.schema.get("properties", {}):
        if name != reference.path[-1]:
            yield name


def _with(plan: Plan, changed: Call) -> Plan:
    calls = tuple(changed if call.id == changed.id else call for call in plan.calls)
    return replace(plan, calls=calls)


def _pointed(plan: Plan, call: Call | None, old: Reference, new: Reference) -> Plan:
    def target(found: Reference) -> Reference:
        return new if found == old else found

    if call is None:
        return replace(plan, answer=redirected(plan.answer, target))
    return _with(plan, replace(call, arguments=redirected(call.arguments, target)))


DAMAGE: dict[str, Damage] = {
    "dropped line": dropped_line,
    "misspelt tool": misspelt_tool,
    "swapped id": swapped_id,
    "misspelt field": misspelt_field,
    "cycle": cycle,
}
MEANING: dict[str, Damage] = {"another tool": other_tool, "another field": other_field}
"""Names that are there and mean something else: types see it only where the types differ."""


def mutations(plans: list[Plan], tools: ToolSet) -> list[Row]:
    """The share of damaged plans that are found, by kind of damage; nothing is drawn at random.

    A damaged plan that computes what the gold plan computes is no fault and is not counted.
    """
    sound = [plan for plan in plans if not check_plan(plan, tools)]
    together = [joined_plans(first, second) for first, second in pairwise(sound)]
    alarms = sum(bool(doubts(plan, tools)) for plan in sound)
    rows = [exactly(f"of {len(sound)} sound NESTFUL plans, doubted", alarms, "", bar=0)]
    rows += _kinds("damaged NESTFUL plans", sound, tools, bar=0.99)
    return [*rows, *_kinds("of two NESTFUL plans as one, damaged", together, tools, bar=None)]


def _kinds(name: str, plans: list[Plan], tools: ToolSet, bar: float | None) -> Iterator[Row]:
    faulty = doubted = made = 0
    for kind, damage in DAMAGE.items():
        found, guessed, there = _found(plans, damage, tools)
        faulty, doubted, made = faulty + found, doubted + guessed, made + there
        yield figure(f"{name}: {kind}, {there}: found", (found + guessed) / there, "")
    yield figure(f"{name}: all {made}: found by faults alone", faulty / made, "")
    what, share = f"{name}: all {made}: found", (faulty + doubted) / made
    yield figure(what, share, "") if bar is None else at_least(what, share, "", bar=bar)
    for kind, damage in MEANING.items():
        found, guessed, there = _found(plans, damage, tools)
        yield figure(f"{name}: {kind} that exists, {there}: found", (found + guessed) / there, "")


def _found(plans: list[Plan], damage: Damage, tools: ToolSet) -> tuple[int, int, int]:
    """Damaged plans with a fault, those with only a doubt, and all that are really damaged."""
    faulty = doubted = made = 0
    for plan in plans:
        meant = meaning(plan)
        for damaged in damage(plan, tools):
            if meaning(damaged) == meant:
                continue
            made += 1
            if check_plan(damaged, tools):
                faulty += 1
            elif doubts(damaged, tools):
                doubted += 1
    return faulty, doubted, made


def meaning(plan: Plan) -> bytes:
    """What a plan of calls without effects computes, whatever its ids, order and unused calls."""
    calls = plan.by_id()

    def call_of(number: int, above: tuple[int, ...]) -> Any:
        call = calls.get(number)
        if call is None or number in above:
            return {"call": "missing" if call is None else "cycle"}
        arguments = value_of(call.arguments, (*above, number))
        after = [call_of(n, (*above, number)) for n in call.after]
        return {"call": call.tool, "with": arguments, "after": after}

    def value_of(value: Any, above: tuple[int, ...]) -> Any:
        def change(found: Reference | Text) -> Any:
            if isinstance(found, Text):
                return {"text": [p if isinstance(p, str) else change(p) for p in found.parts]}
            return {"of": call_of(found.call, above), "path": found.path}

        return replaced(value, change)

    return msgspec.json.encode(value_of(plan.answer, ()), order="deterministic")
