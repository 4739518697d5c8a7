"""Passes keep the answer and say what they changed."""

from __future__ import annotations

from tts.planner import read_plan, write_plan
from tts.planner.passes import optimise
from tts.tools import ToolSet, tool


@tool(effect="pure")
def add(a: float, b: float) -> float:
    """Sum."""
    return a + b


@tool(effect="read", batch="prices")
def price(item: str) -> float:
    """One."""
    return float(len(item))


@tool(effect="read")
def prices(items: list[str]) -> list[float]:
    """Many."""
    return [float(len(item)) for item in items]


@tool(effect="write")
def store(value: float) -> str:
    """Keep."""
    return "kept"


TOOLS = ToolSet([add, price, prices, store])


async def test_all_passes_together() -> None:
    text = (
        '1. add(a=1, b=2)\n2. price(item="pear")\n3. price(item="pear")\n4. price(item="plum")\n'
        "5. add(a=$2, b=$3)\n6. add(a=$5, b=$1)\n7. add(a=$4, b=1)\nanswer = $6\n"
    )
    plan, notes = await optimise(read_plan(text).plan, TOOLS)
    assert write_plan(plan) == (
        '2. price(item="pear")\n5. add(a=$2, b=$2)\n6. add(a=$5, b=3.0)\nanswer = $6\n'
    )
    assert "call 3 is call 2" in notes[1].explain()


async def test_calls_of_one_tool_are_batched() -> None:
    text = '1. price(item="pear")\n2. price(item="plum")\n3. add(a=$1, b=$2)\nanswer = $3\n'
    plan, _ = await optimise(read_plan(text).plan, TOOLS)
    assert write_plan(plan) == (
        '1. prices(items=["pear", "plum"])\n3. add(a=$1[0], b=$1[1])\nanswer = $3\n'
    )


async def test_calls_with_an_effect_are_neither_merged_nor_dropped() -> None:
    text = "1. store(value=1)\n2. store(value=1)\nanswer = 1\n"
    plan, notes = await optimise(read_plan(text).plan, TOOLS)
    assert write_plan(plan) == text
    assert not any(note.changes for note in notes)
