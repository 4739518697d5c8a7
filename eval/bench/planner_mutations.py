"""Damaged plans: how many of them the checks find."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from tts.eval.bench.row import Row, at_least, figure
from tts.planner import Call, Plan, check_plan
from tts.planner.language import Reference, redirected
from tts.tools import ToolSet

Mutation = Callable[[Plan, Random], Plan | None]
"""None: this plan cannot be damaged so."""


def mutations(plans: list[Plan], tools: ToolSet, *, rounds: int = 5) -> list[Row]:
    """The share of damaged plans that are found, by kind of damage."""
    rng, rows = Random(7), []
    sound = [plan for plan in plans if not check_plan(plan, tools)]
    caught = made = 0
    for name, mutate in MUTATIONS.items():
        damaged = [mutate(plan, rng) for plan in sound for _ in range(rounds)]
        present = [plan for plan in damaged if plan is not None]
        found = sum(bool(check_plan(plan, tools)) for plan in present)
        caught, made = caught + found, made + len(present)
        if present:
            what = f"damaged plans found, {name}, of {len(present)}"
            rows.append(figure(what, found / len(present), ""))
    rows.append(at_least(f"damaged plans found, all {made}", caught / max(1, made), "", bar=0.99))
    return rows


def _used(plan: Plan) -> list[Call]:
    """Calls that others use."""
    needed = {number for call in plan.calls for number in call.inputs}
    return [call for call in plan.calls if call.id in needed]


def dropped_line(plan: Plan, rng: Random) -> Plan | None:
    """A call that others use is missing."""
    used = _used(plan)
    if not used:
        return None
    gone = rng.choice(used).id
    return replace(plan, calls=tuple(call for call in plan.calls if call.id != gone))


def renamed_tool(plan: Plan, rng: Random) -> Plan | None:
    """A letter of a tool's name is doubled."""
    chosen = rng.choice(plan.calls)
    place = rng.randrange(len(chosen.tool))
    name = chosen.tool[:place] + chosen.tool[place] + chosen.tool[place:]
    return _with(plan, replace(chosen, tool=name))


def swapped_id(plan: Plan, rng: Random) -> Plan | None:
    """A reference to a field goes to a call of another tool, which has no such field."""
    tools = {call.id: call.tool for call in plan.calls}
    options = [
        (call, ref, other)
        for call in plan.calls
        for ref in call.references()
        if ref.path
        for other in tools
        if other != call.id and other != ref.call and tools[other] != tools.get(ref.call)
    ]
    if not options:
        return None
    call, old, other = rng.choice(options)
    return _with(plan, _pointed(call, old, Reference(other, old.path)))


def wrong_field(plan: Plan, rng: Random) -> Plan | None:
    """A reference asks for a field that is not there."""
    options = [(c, r) for c in plan.calls for r in c.references() if r.path]
    if not options:
        return None
    call, old = rng.choice(options)
    return _with(plan, _pointed(call, old, Reference(old.call, (*old.path[:-1], "no_such_field"))))


def cycle(plan: Plan, rng: Random) -> Plan | None:
    """A call waits for one that waits for it."""
    used = _used(plan)
    if not used:
        return None
    first = rng.choice(used)
    user = next(call for call in plan.calls if first.id in call.inputs)
    return _with(plan, replace(first, after=(*first.after, user.id)))


MUTATIONS: dict[str, Mutation] = {
    "dropped line": dropped_line,
    "renamed tool": renamed_tool,
    "swapped id": swapped_id,
    "wrong field": wrong_field,
    "cycle": cycle,
}


def _with(plan: Plan, changed: Call) -> Plan:
    calls = tuple(changed if call.id == changed.id else call for call in plan.calls)
    return replace(plan, calls=calls)


def _pointed(call: Call, old: Reference, new: Reference) -> Call:
    arguments = redirected(call.arguments, lambda found: new if found == old else found)
    return replace(call, arguments=arguments)
