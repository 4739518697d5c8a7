"""Damage that changes nothing is no damage."""

from __future__ import annotations

from tts.eval.bench.planner_damage import cycle, dropped_line, joined_plans, meaning, swapped_id
from tts.planner import Plan, check_plan, read_plan
from tts.tools import ToolSet, tool


@tool(effect="read")
async def look(name: str) -> dict[str, str]:
    """Free fields."""
    raise NotImplementedError


TOOLS = ToolSet([look])


def plan(text: str) -> Plan:
    return read_plan(text).plan


def test_ids_order_and_unused_calls_do_not_change_what_a_plan_means() -> None:
    one = plan('1. look(name="a")\n2. look(name=$1.x)\nanswer = $2\n')
    other = plan('3. look(name="b")\n4. look(name="a")\n5. look(name=$4.x)\nanswer = $5\n')
    assert meaning(one) == meaning(other)


def test_a_reference_to_an_equal_call_is_no_damage() -> None:
    same = plan('1. look(name="a")\n2. look(name="a")\nanswer = $1\n')
    assert [meaning(damaged) for damaged in swapped_id(same, TOOLS)] == [meaning(same)]


def test_dropping_a_call_that_is_used_changes_the_meaning() -> None:
    whole = plan('1. look(name="a")\n2. look(name=$1.x)\nanswer = $2\n')
    assert all(meaning(damaged) != meaning(whole) for damaged in dropped_line(whole, TOOLS))


def test_a_cycle_has_a_meaning_of_its_own() -> None:
    whole = plan('1. look(name="a")\n2. look(name=$1.x)\nanswer = $2\n')
    [turned] = cycle(whole, TOOLS)
    assert meaning(turned) != meaning(whole)
    assert [fault.kind for fault in check_plan(turned, TOOLS)] == ["cycle"]


def test_two_plans_as_one_answer_both() -> None:
    first = plan('1. look(name="a")\nanswer = $1\n')
    both = joined_plans(first, plan('1. look(name="b")\n2. look(name=$1.x)\nanswer = $2\n'))
    assert [call.id for call in both.calls] == [1, 2, 3]
    assert check_plan(both, TOOLS) == ()
    assert meaning(both) != meaning(first)
