"""`planner`: reading, checking and running plans. Tool and model latencies are simulated."""

from __future__ import annotations

import asyncio
import json
from random import Random
from statistics import median

from tts.eval.bench.needs_data import NeedsData, data_folder
from tts.eval.bench.paced import Paced
from tts.eval.bench.planner_liveness import liveness
from tts.eval.bench.planner_methods import methods
from tts.eval.bench.planner_mutations import mutations
from tts.eval.bench.planner_nestful import nestful, nestful_plan, nestful_tools
from tts.eval.bench.planner_parser import parser
from tts.eval.bench.planner_schedule import against_longest_first, largest, schedule, solved
from tts.eval.bench.planner_sharing import sharing
from tts.eval.bench.row import Row, at_most, figure
from tts.eval.bench.task_shape import shapes
from tts.eval.bench.timed_graph import everyday, generated, workflows
from tts.planner import Plan, PlanSettings, PlanStrategy
from tts.planner.execution import CallEvent
from tts.tools import ToolSet, tool

PLANS = 40
"""AsyncHow plans that are run under every cap."""


def planner() -> list[Row]:
    """On the recorded plans and workflows where they are, on generated graphs otherwise."""
    try:
        folder = data_folder("planner")
    except NeedsData:
        rows = [*schedule("generated graphs", generated()), *sharing(None)]
        return [*rows, *parser([shape.plan for shape in shapes()]), *_common()]
    text = (folder / "nestful_executable_data.json").read_text(encoding="utf-8")
    plans: list[Plan] = [nestful_plan(row["output"]) for row in json.loads(text)]
    every = everyday(folder)
    some = Random(1).sample(every, PLANS)
    return [
        *schedule("WfInstances", workflows(folder)),
        *schedule("AsyncHow", some),
        against_longest_first("AsyncHow", every, (2, 4)),
        *largest(workflows(folder, largest=10**6)),
        *nestful(folder),
        *mutations(plans, nestful_tools(folder)),
        *parser(plans, rounds=4),
        *sharing(folder),
        *_common(),
    ]


def _common() -> list[Row]:
    return [*methods(shapes()), *dispatch(), *liveness()]


def dispatch() -> list[Row]:
    """From the seal of a call to the start of its tool, in real time."""

    @tool(effect="read")
    async def search(query: str) -> str:
        return query

    events: list[CallEvent] = []
    settings = PlanSettings(tell=lambda e: events.append(e) if isinstance(e, CallEvent) else None)
    lines = [f'{number}. search(query="{number}")\n' for number in range(1, 101)]
    writer = Paced([("".join([*lines, "answer = $1\n"]), 1.0)])
    strategy = PlanStrategy(ToolSet([search]), settings=settings)
    asyncio.run(solved(strategy, 512, writer))
    sealed = {event.call.id: event.at for event in events if event.state == "sealed"}
    waits = [event.at - sealed[event.call.id] for event in events if event.state == "started"]
    worst = 1000 * sorted(waits)[int(0.95 * len(waits))]
    return [
        at_most("seal to start of a call, median of 100", 1000 * median(waits), "ms", bar=2.0),
        figure("seal to start of a call, 95 of 100 within", worst, "ms"),
    ]
