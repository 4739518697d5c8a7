"""A plan written by a model that ships with the package, run end to end."""

from __future__ import annotations

from typing import Any

import pytest

from tts import Engine, tool
from tts.training.errand import errands


@tool(effect="read")
async def price(item: str) -> float:
    """One of something."""
    return float(len(item))


@tool(effect="pure")
def multiply(a: float, b: float) -> float:
    """Product."""
    return a * b


@tool(effect="pure")
def add(a: float, b: float) -> float:
    """Sum."""
    return a + b


@tool(effect="pure")
def subtract(a: float, b: float) -> float:
    """Difference."""
    return a - b


@tool(effect="pure")
def average(values: list[float]) -> float:
    """Mean."""
    return sum(values) / len(values)


TOOLS: Any = (price, multiply, add, subtract, average)


async def test_the_embedded_planner_solves_an_errand() -> None:
    async with Engine("embedded:planner") as engine:
        done = await engine.solve("What do 3 pear and 4 plum cost?", tools=TOOLS)
    assert done.answer == "28.0"
    assert [call.tool for call in done.plan.calls][:2] == ["price", "price"]
    assert done.result.usage.completion_tokens > 0


@pytest.mark.timeout(120)
async def test_most_of_its_plans_for_tasks_it_never_saw_are_right() -> None:
    asked = errands(12, 77, held_out=True)
    async with Engine("embedded:planner") as engine:
        plans = [await engine.compile(one.prompt, tools=TOOLS) for one in asked]
    right = sum(plan.write() == one.plan for plan, one in zip(plans, asked, strict=True))
    assert right >= 9
    assert sum(not plan.check() for plan in plans) >= 10
