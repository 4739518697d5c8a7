"""A plan is used again for the same question about other things."""

from __future__ import annotations

from tts.planner import PlanCache, read_plan, write_plan
from tts.tools import ToolSet, tool


@tool(effect="read")
async def look(name: str) -> float:
    """Look up."""
    return 0.0


TOOLS = ToolSet([look])
PLAN = read_plan('1. look(name="Everest")\n2. look(name="K2")\nanswer = [$1, $2]\n').plan


def test_the_slots_of_a_new_task_are_filled_in() -> None:
    cache = PlanCache()
    assert cache.keep("Which is higher, Everest or K2?", TOOLS, PLAN)
    found = cache.find("Which is higher, Mont Blanc or Elbrus?", TOOLS)
    assert found is not None
    assert (
        write_plan(found)
        == '1. look(name="Mont Blanc")\n2. look(name="Elbrus")\nanswer = [$1, $2]\n'
    )
    assert (cache.hits, cache.misses) == (1, 0)


def test_a_plan_that_leaves_a_slot_unused_is_not_kept() -> None:
    assert not PlanCache().keep("Which is higher, Everest or Elbrus?", TOOLS, PLAN)


def test_another_shape_or_tool_set_is_a_miss() -> None:
    cache = PlanCache()
    cache.keep("Which is higher, Everest or K2?", TOOLS, PLAN)
    assert cache.find("Which is lower, Everest or K2?", TOOLS) is None
    assert cache.find("Which is higher, Everest or K2?", ToolSet()) is None
