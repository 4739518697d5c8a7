"""Passes over checked plans: calls eliminated or fused, the answer the same, each change in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tts.errors import CallError
from tts.planner.checks import NoField, field_of, needed, result_of
from tts.planner.execution.call_values import final
from tts.planner.language import (
    ITEM,
    Call,
    Plan,
    Reference,
    constant,
    redirected,
    write_call,
    write_plan,
    write_value,
)
from tts.planner.language.plan import Value, redirect, redirected_call, references, replaced
from tts.tools import SHARED, Tool, ToolContext


class PassResult(Struct, frozen=True):
    """The plan afterwards, and one line per change, for `explain`."""

    plan: Plan
    changes: tuple[str, ...]


def merge_equal_calls(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """Merge equal calls of pure and read tools; calls with an effect are never equal."""
    seen: dict[str, int] = {}
    moved: dict[int, Reference] = {}
    changes: list[str] = []
    kept: list[Call] = []
    for written in plan.calls:
        call = redirected_call(written, moved)
        if _sharable(call, tools):
            content = write_call(replace(call, id=0, after=tuple(sorted(call.after))))
            first = seen.setdefault(content, call.id)
            if first != call.id:
                changes.append(f"call {call.id} is call {first}: {write_call(call)}")
                moved[call.id] = Reference(first)
                continue
        kept.append(call)
    merged = redirect(replace(plan, calls=()), moved)
    return PassResult(replace(merged, calls=tuple(kept)), tuple(changes))


def _sharable(call: Call, tools: Mapping[str, Tool]) -> bool:
    tool = tools.get(call.tool)
    return tool is not None and tool.effect in SHARED and tool.cache


def drop_dead_calls(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """Take out pure and read calls that neither the answer nor a call with an effect needs."""
    alive = needed(plan, tools)
    dead = [call for call in plan.calls if call.id not in alive]
    if not dead:
        return PassResult(plan, ())
    kept = tuple(call for call in plan.calls if call.id in alive)
    changes = tuple(f"nobody reads call {call.id}: {write_call(call)}" for call in dead)
    return PassResult(replace(plan, calls=kept), changes)


async def fold_constants(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """Make the pure calls whose arguments are constants, and put their results in their place.

    A call that fails stays as it is: it fails when the plan runs, where its policy applies.
    """
    results: dict[int, Any] = {}
    changes: list[str] = []
    kept: list[Call] = []
    for call in plan.calls:
        call = _with(call, results)
        if _foldable(call, tools) and not (plan.joined and call.id in plan.sinks):
            try:
                context = ToolContext(call=str(call.id), key="folded", task="")
                results[call.id] = await tools[call.tool].body(call.arguments, context)
            except (CallError, ValueError, TypeError, ArithmeticError):
                kept.append(call)
            else:
                value = write_value(results[call.id])
                changes.append(f"call {call.id} is {value}: {write_call(call)}")
        else:
            kept.append(call)
    answer = _known(plan.answer, results)
    return PassResult(replace(plan, calls=tuple(kept), answer=answer), tuple(changes))


def _foldable(call: Call, tools: Mapping[str, Tool]) -> bool:
    tool = tools.get(call.tool)
    plain = call.each is None and call.when is None and not call.after
    return tool is not None and tool.effect == "pure" and plain and constant(call.arguments)


def _with(call: Call, results: Mapping[int, Any]) -> Call:
    arguments = {name: _known(value, results) for name, value in call.arguments.items()}
    after = tuple(number for number in call.after if number not in results)
    return replace(call, arguments=arguments, after=after)


def _known(value: Value, results: Mapping[int, Any]) -> Value:
    def change(found: Any) -> Any:
        used = list(references(found))
        return final(found, results) if all(r.call in results for r in used) else found

    return replaced(value, change)


def batch_calls(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """Fuse calls on one level whose tool names a `batch` tool of one list argument.

    The batch tool takes the list of what the single one takes, in order, and returns the list of
    what it returns (LLM-Tool Compiler, Singh et al. 2024).
    """
    changes: list[str] = []
    depths = _depths(plan)
    groups: dict[tuple[str, int], list[Call]] = {}
    for call in plan.calls:
        if _fits(call, tools):
            groups.setdefault((call.tool, depths[call.id]), []).append(call)
    for (name, _), members in groups.items():
        if len(members) > 1:
            plan, line = _fused(plan, tools[name], members, tools)
            changes.append(line)
    return PassResult(plan, tuple(changes))


def _fits(call: Call, tools: Mapping[str, Tool]) -> bool:
    tool = tools.get(call.tool)
    if tool is None or tool.batch not in tools or call.each or call.when or call.on_failure:
        return False
    return len(call.arguments) == 1 and len(tools[tool.batch].arguments) == 1


def _fused(
    plan: Plan, tool: Tool, members: list[Call], tools: Mapping[str, Tool]
) -> tuple[Plan, str]:
    [name] = tools[tool.batch].arguments
    values = [value for member in members for value in member.arguments.values()]
    after = tuple(dict.fromkeys(number for member in members for number in member.after))
    fused = Call(id=members[0].id, tool=tool.batch, arguments={name: values}, after=after)
    moved = {member.id: Reference(fused.id, (i,)) for i, member in enumerate(members)}
    numbers = {member.id for member in members}
    others = redirect(
        replace(plan, calls=tuple(c for c in plan.calls if c.id not in numbers)), moved
    )
    place = max((_last(plan, value) for value in fused.inputs), default=-1) + 1
    place = max(place, [call.id for call in plan.calls].index(members[0].id))
    before = sum(call.id not in numbers for call in plan.calls[:place])
    calls = (*others.calls[:before], fused, *others.calls[before:])
    listed = ", ".join(str(member.id) for member in members)
    return replace(others, calls=calls), f"calls {listed} are one: {write_call(fused)}"


def _last(plan: Plan, number: int) -> int:
    return [call.id for call in plan.calls].index(number)


def _depths(plan: Plan) -> dict[int, int]:
    depths: dict[int, int] = {}
    for call in plan.calls:
        depths[call.id] = 1 + max((depths.get(number, 0) for number in call.inputs), default=0)
    return depths


def map_over_lists(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """`f($1.rows[0].id)`, `f($1.rows[1].id)`, … become `each $1.rows: f($item.id)`.

    Only where a following call collects them all into one list in their order, and the schema
    says that the list has exactly so many elements: otherwise the plan would mean something else.
    """
    changes: list[str] = []
    for call in plan.calls:
        for name, value in call.arguments.items():
            members = _members(value, plan, tools)
            if members is None:
                continue
            plan, line = _mapped(plan, call.id, name, members)
            changes.append(line)
            return PassResult(plan, tuple(changes))
    return PassResult(plan, ())


def _members(value: Any, plan: Plan, tools: Mapping[str, Tool]) -> list[Call] | None:
    """The calls that a list collects, where all are one shape over one list from its start."""
    if not isinstance(value, list) or len(value) < 2:
        return None
    if not all(isinstance(item, Reference) and not item.path for item in value):
        return None
    calls = plan.by_id()
    members = [calls[item.call] for item in value if item.call in calls]
    if len({member.id for member in members}) != len(value):
        return None
    shapes = [_shape(member, place, tools) for place, member in enumerate(members)]
    used_once = all(sum(m.id in c.inputs for c in plan.calls) == 1 for m in members)
    if None in shapes or len(set(shapes)) != 1 or not used_once:
        return None
    source = _list_of(next(iter(members[0].references())), 0)
    assert source is not None
    return members if _length(source, plan, tools) == len(members) else None


def _length(source: Reference, plan: Plan, tools: Mapping[str, Tool]) -> int | None:
    """How many elements a list is known to have; None: that is not known."""
    call = plan.by_id()[source.call]
    try:
        [option] = field_of(result_of(call, tools.get(call.tool)), source).options()
    except (NoField, ValueError):
        return None
    most = option.schema.get("maxItems")
    return most if most is not None and most == option.schema.get("minItems") else None


def _shape(call: Call, place: int, tools: Mapping[str, Tool]) -> str | None:
    """The call with its one list element as `$item`; None where it is no such call."""
    tool = tools.get(call.tool)
    if tool is None or tool.effect not in SHARED or call.each or call.when or call.after:
        return None
    lists = {_list_of(reference, place) for reference in call.references()}
    if len(lists) != 1 or (source := lists.pop()) is None:
        return None
    return f"{source}|{write_call(_over(call, source))}"


def _list_of(reference: Reference, place: int) -> Reference | None:
    if place not in reference.path:
        return None
    return Reference(reference.call, reference.path[: reference.path.index(place)])


def _over(call: Call, source: Reference) -> Call:
    cut = len(source.path) + 1

    def target(found: Reference) -> Reference:
        return Reference(ITEM, found.path[cut:]) if found.call == source.call else found

    return replace(call, id=0, arguments=redirected(call.arguments, target))


def _mapped(plan: Plan, user: int, name: str, members: list[Call]) -> tuple[Plan, str]:
    first = members[0]
    source = _list_of(next(iter(first.references())), 0)
    assert source is not None
    mapped = replace(_over(first, source), id=first.id, each=source)
    gone = {member.id for member in members[1:]}
    calls = []
    for call in plan.calls:
        if call.id == first.id:
            calls.append(mapped)
        elif call.id == user:
            calls.append(replace(call, arguments={**call.arguments, name: Reference(first.id)}))
        elif call.id not in gone:
            calls.append(call)
    line = f"calls {', '.join(str(m.id) for m in members)} are one: {write_call(mapped)}"
    return redirect(replace(plan, calls=tuple(calls)), {}), line


Pass = Callable[[Plan, Mapping[str, Tool]], PassResult | Awaitable[PassResult]]
PASSES: Mapping[str, Pass] = {
    "constant folding": fold_constants,
    "common subexpressions": merge_equal_calls,
    "dead calls": drop_dead_calls,
    "map": map_over_lists,
    "batching": batch_calls,
}


class PassNote(Struct, frozen=True):
    """What one pass did."""

    name: str
    changes: tuple[str, ...]
    before: Plan
    after: Plan

    def explain(self) -> str:
        """The changes, with the calls before and after; one line where there are none."""
        if not self.changes:
            return f"{self.name}: nothing to do\n"
        listed = "".join(f"  {line}\n" for line in self.changes)
        count = f"{len(self.before.calls)} calls became {len(self.after.calls)}"
        return (
            f"{self.name}: {count}\n{listed}  before:\n{_indented(self.before)}"
            f"  after:\n{_indented(self.after)}"
        )


async def optimise(
    plan: Plan, tools: Mapping[str, Tool], passes: Sequence[str] = tuple(PASSES)
) -> tuple[Plan, tuple[PassNote, ...]]:
    """Run the named passes over a checked plan; its answer stays the same."""
    notes: list[PassNote] = []
    for name in passes:
        made = PASSES[name](plan, tools)
        result = made if isinstance(made, PassResult) else await made
        notes.append(PassNote(name, result.changes, plan, result.plan))
        plan = result.plan
    return plan, tuple(notes)


def _indented(plan: Plan) -> str:
    return "".join(f"    {line}\n" for line in write_plan(plan).splitlines())
