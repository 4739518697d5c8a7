"""Faults are found before anything runs, and say where they are."""

from __future__ import annotations

from typing import Any

import pytest

from tts.planner import check_plan, read_plan
from tts.planner.language import bound
from tts.tools import ToolSet, tool


@tool(effect="read")
async def look(name: str) -> dict[str, float]:
    """Free fields."""
    return {}


@tool(effect="pure")
async def point(x: float, y: float = 0) -> tuple[float, float]:
    """A pair."""
    return (x, y)


@tool(effect="read")
async def rows(n: int) -> list[dict[str, str]]:
    """A list."""
    return []


TOOLS = ToolSet([look, point, rows])


def faults(text: str) -> list[Any]:
    draft = read_plan(text)
    calls = [
        bound(c, tuple(TOOLS[c.tool].arguments)) if c.tool in TOOLS else c for c in draft.plan.calls
    ]
    plan = type(draft.plan)(calls=tuple(calls), answer=draft.plan.answer, joined=draft.plan.joined)
    return [*draft.faults, *check_plan(plan, TOOLS, lines=draft.lines)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('1. lok(name="x")\n', "unknown tool"),
        ("1. look()\n", "missing argument"),
        ('1. look(name="x", nam="y")\n', "extra argument"),
        ('1. point(x="high")\n', "ill-typed argument"),
        ('1. look(name="x")\n2. point(x=$3)\n', "unknown reference"),
        ("1. point(x=$2[0])\n2. point(x=1)\n", "forward reference"),
        ("1. point(x=$2[0])\n2. point(x=$1[0])\n", "cycle"),
        ("1. rows(n=1)\n2. look(name=$1[0].id)\n3. look(name=$1.id)\n", "unknown field"),
        ("1. rows(n=1)\n2. look(name=$1)\n", "ill-typed reference"),
        ('1. look(name="x")\n2. look(name="costs $1 now")\n', "ambiguous dollar"),
        ("1. point(x=1\n2. point(x=2)\n", "syntax"),
        ("1. point(x=1)\n1. point(x=2)\n", "duplicate id"),
    ],
)
def test_each_fault_is_told_by_its_kind_and_line(text: str, kind: str) -> None:
    found = faults(text)
    assert kind in [fault.kind for fault in found], found
    assert all(fault.line for fault in found)


def test_a_sound_plan_has_no_fault() -> None:
    assert faults("1. rows(2)\n2. each $1: look(name=$item.id)\n3. point(x=$2[0].height)\n") == []


def test_a_fault_names_the_nearest() -> None:
    [fault] = faults('1. lok(name="x")\n')
    assert (fault.nearest, fault.got, fault.line) == ("look", "lok", 1)


def test_llmcompilers_own_form_is_read() -> None:
    text = 'Thought: both\n1. look("Everest")\n2. point($1.height, 2)\n3. join()<END_OF_PLAN>\n'
    assert faults(text) == []
