"""Constant folding: pure calls of constants are made while the plan is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tts.errors import CallError
from tts.planner.execution.resolve import final
from tts.planner.language import Call, Plan, constant, write_call, write_value
from tts.planner.language.plan import Value, references, replaced
from tts.planner.passes.pass_result import PassResult
from tts.tools import Tool, ToolContext


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
