"""Dead calls: nobody reads what they bring, and they change nothing."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tts.planner.language import Plan, references, write_call
from tts.planner.passes.pass_result import PassResult
from tts.tools import SHARED, Tool


def drop_dead_calls(plan: Plan, tools: Mapping[str, Tool]) -> PassResult:
    """Take out pure and read calls that neither the answer nor a call with an effect needs.

    A joiner reads every result, so nothing of a joined plan is dead.
    """
    if plan.joined:
        return PassResult(plan, ())
    calls = plan.by_id()
    alive: set[int] = set()
    ahead = [reference.call for reference in references(plan.answer)]
    ahead += [
        c.id for c in plan.calls if (t := tools.get(c.tool)) is None or t.effect not in SHARED
    ]
    while ahead:
        number = ahead.pop()
        if number not in alive and number in calls:
            alive.add(number)
            ahead += calls[number].inputs
    dead = [call for call in plan.calls if call.id not in alive]
    kept = tuple(call for call in plan.calls if call.id in alive)
    changes = tuple(f"nobody reads call {call.id}: {write_call(call)}" for call in dead)
    return PassResult(replace(plan, calls=kept), changes)
