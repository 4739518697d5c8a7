"""Plans that are looked at before they run."""

from __future__ import annotations

import pytest

from tts import Engine, tool
from tts.backends.scripted import ScriptedGenerator
from tts.errors import UsageError
from tts.planner import PlanSettings


@tool(effect="read")
async def look(name: str) -> dict[str, float]:
    """Height of a mountain."""
    return {"height": float(len(name))}


async def test_each_fault_of_a_plan_is_explained_once_with_its_line() -> None:
    text = '1. lok(name="K2")\n2. look(name=3, limit=1)\n2. look(name="K2")\nanswer = $9\n'
    async with Engine(ScriptedGenerator([text])) as engine:
        plan = await engine.compile("task", tools=[look], planning=PlanSettings(repairs=0))
    faults = [line for line in plan.explain().splitlines() if line.startswith("fault: ")]
    assert [line.split(": ")[1:3] for line in faults] == [
        ["line 3, call 2, look", "duplicate id"],
        ["line 1, call 1, lok", "unknown tool"],
        ["line 2, call 2, look", "extra argument"],
        ["line 2, call 2, look", "ill-typed argument"],
        ["plan", "unknown reference"],
    ]


async def test_what_could_not_be_read_of_a_plan_keeps_it_from_running_after_passes_too() -> None:
    text = '1. look(name="K2")\n2. look(name="K2"\nanswer = $1\n'
    async with Engine(ScriptedGenerator([text])) as engine:
        plan = await engine.compile("task", tools=[look], planning=PlanSettings(repairs=0))
        assert plan.check()
        optimised = await plan.optimised()
        assert optimised.check()
        with pytest.raises(UsageError, match="cannot run"):
            await optimised.run()
