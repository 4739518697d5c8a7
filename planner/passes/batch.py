"""Batching: several calls of one tool become one call of the tool that takes them all."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tts.planner.language import Call, Plan, Reference, write_call
from tts.planner.passes.pass_result import PassResult, redirect
from tts.tools import Tool


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
