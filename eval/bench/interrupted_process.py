"""The process that `interrupted` interrupts: it says `started` once a call is under way."""

from __future__ import annotations

import asyncio
import dataclasses
import sys

from tts.backends.scripted import ScriptedGenerator
from tts.eval.bench.bad_planners import BAD_PLANNERS, BadPlanner
from tts.eval.bench.bad_tools import bad_tools
from tts.eval.bench.planner_schedule import solved
from tts.planner import PlanEvent, PlanSettings, PlanStrategy
from tts.planner.execution import CallEvent
from tts.tools import ToolSet


async def run(name: str) -> None:
    """A plan whose calls, or whose text, never end."""
    tools = ToolSet(dataclasses.replace(tool, timeout=600.0) for tool in bad_tools().values())

    def tell(event: PlanEvent) -> None:
        if isinstance(event, CallEvent) and event.state == "started":
            sys.stdout.write("started\n")
            sys.stdout.flush()

    strategy = PlanStrategy(tools, settings=PlanSettings(timeout=600.0, tell=tell))
    if name == "planner":
        await solved(strategy, 512, BadPlanner(BAD_PLANNERS["hangs inside a call"]))
    else:
        await solved(strategy, 512, ScriptedGenerator([f"1. {name}()\n2. {name}()\njoin()\n"]))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
