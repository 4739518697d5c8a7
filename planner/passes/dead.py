"""Dead calls: nobody reads what they bring, and they change nothing."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tts.planner.checks import needed
from tts.planner.language import Plan, write_call
from tts.planner.passes.pass_result import PassResult
from tts.tools import Tool


def drop_dead_calls(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """Take out pure and read calls that neither the answer nor a call with an effect needs."""
    alive = needed(plan, tools)
    dead = [call for call in plan.calls if call.id not in alive]
    if not dead:
        return PassResult(plan, ())
    kept = tuple(call for call in plan.calls if call.id in alive)
    changes = tuple(f"nobody reads call {call.id}: {write_call(call)}" for call in dead)
    return PassResult(replace(plan, calls=kept), changes)
