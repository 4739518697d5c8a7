"""Which calls of a plan anybody needs."""

from __future__ import annotations

from collections.abc import Mapping

from tts.planner.language import Plan, references
from tts.tools import SHARED, Tool


def needed(plan: Plan, tools: Mapping[str, Tool]) -> frozenset[int]:
    """Calls whose result reaches the answer or a call with an effect, and those calls themselves.

    A joiner reads every result, so all of a joined plan is needed.
    """
    calls = plan.by_id()
    if plan.joined:
        return frozenset(calls)
    found: set[int] = set()
    ahead = [reference.call for reference in references(plan.answer)]
    ahead += [
        c.id for c in plan.calls if (t := tools.get(c.tool)) is None or t.effect not in SHARED
    ]
    while ahead:
        number = ahead.pop()
        if number not in found and number in calls:
            found.add(number)
            ahead += calls[number].inputs
    return frozenset(found)
