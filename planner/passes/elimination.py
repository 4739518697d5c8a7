"""Elimination of calls: equal ones are made once, unread ones never, constant ones beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tts.errors import CallError
from tts.planner.checks import needed
from tts.planner.execution.resolve import final
from tts.planner.language import Call, Plan, Reference, constant, write_call, write_value
from tts.planner.language.plan import Value, references, replaced
from tts.planner.passes.pass_result import PassResult, redirect, redirected_call
from tts.tools import SHARED, Tool, ToolContext


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
