"""Calls that need not be made: equal ones once, and those that nobody reads not at all."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tts.planner.checks import needed
from tts.planner.language import Call, Plan, Reference, write_call
from tts.planner.passes.pass_result import PassResult, redirect, redirected_call
from tts.tools import SHARED, Tool


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
