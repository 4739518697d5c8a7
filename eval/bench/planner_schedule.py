"""Makespans of plans whose durations are known, guessed or unknown. Simulated latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from random import Random
from statistics import mean
from typing import Literal

from tts.eval.bench.report import Row, at_most, exactly, figure
from tts.eval.bench.simulation import Sleeping, simulated, solved
from tts.eval.bench.timed_graphs import TimedGraph
from tts.planner import Call, Plan, PlanLimits, PlanSettings, PlanStrategy
from tts.planner.execution import PlanRun
from tts.tools import Tool, ToolSet

Known = Literal["given", "±50 %", "none"]
ROOMY = PlanLimits(calls=10**6, depth=10**6, fan_out=10**6)
CAPS = (2, 4, 8, 16, 64)
TIGHT = 8
"""The cap under which guessed and unknown durations are compared."""
GUESSED: tuple[Known, ...] = ("±50 %", "none")


def schedule(name: str, graphs: Sequence[TimedGraph]) -> list[Row]:
    """Makespan over lower bound, uncapped and under caps."""
    what = f"makespan / lower bound, {name}"
    open_ended = [ratio(graph, None, "given") for graph in graphs]
    rows = [at_most(f"{what}, no cap, worst, simulated latency", max(open_ended), "", bar=1.02)]
    means = []
    for cap in CAPS:
        means.append(mean(ratio(graph, cap, "given") for graph in graphs))
        rows.append(figure(f"{what}, cap {cap}, durations given", means[-1], ""))
    for known in GUESSED:
        guessed = mean(ratio(graph, TIGHT, known) for graph in graphs)
        rows.append(figure(f"{what}, cap {TIGHT}, durations {known}", guessed, ""))
    rows.append(at_most(f"{what}, caps 2–64, mean, durations given", mean(means), "", bar=1.10))
    return rows


def against_longest_first(name: str, graphs: Sequence[TimedGraph], caps: Sequence[int]) -> Row:
    """Plans that take longer than a plain list schedule, longest remaining path first."""
    worse = sum(
        simulated(makespan(graph, cap, "given")) > 1.001 * longest_first(graph, cap)
        for graph in graphs
        for cap in caps
    )
    shown = " and ".join(map(str, caps))
    what = f"of {len(graphs)} {name} plans under caps {shown}, slower than longest path first"
    return exactly(what, worse, "", bar=0)


def longest_first(graph: TimedGraph, cap: int) -> float:
    """Makespan of a list schedule whose free slots go to the longest remaining path."""
    size = len(graph.seconds)
    tails = list(graph.seconds)
    for i in reversed(range(size)):
        for before in graph.before[i]:
            tails[before] = max(tails[before], graph.seconds[before] + tails[i])
    waits = [len(before) for before in graph.before]
    ready = [(-tails[i], i) for i in range(size) if not waits[i]]
    running: list[tuple[float, int]] = []
    now = 0.0
    heapify(ready)
    while ready or running:
        while ready and len(running) < cap:
            i = heappop(ready)[1]
            heappush(running, (now + graph.seconds[i], i))
        now, ended = heappop(running)
        for i in range(ended + 1, size):
            if ended in graph.before[i]:
                waits[i] -= 1
                if not waits[i]:
                    heappush(ready, (-tails[i], i))
    return now


def largest(graphs: Sequence[TimedGraph], count: int = 2, cap: int = 8) -> list[Row]:
    """The workflows with most calls, under one cap."""
    most = sorted(graphs, key=lambda graph: len(graph.seconds))[-count:]
    return [
        at_most(
            f"makespan / lower bound, {len(graph.seconds)} calls of {graph.name}, cap {cap}",
            ratio(graph, cap, "given"),
            "",
            bar=1.075,
        )
        for graph in most
    ]


def ratio(graph: TimedGraph, cap: int | None, known: Known) -> float:
    """One plan on the engine, over what no schedule can beat."""
    least = graph.bound(cap)
    return simulated(makespan(graph, cap, known)) / least if least else 1.0


async def makespan(graph: TimedGraph, cap: int | None, known: Known) -> float:
    """Simulated seconds of one plan."""
    kept: list[PlanRun] = []
    settings = PlanSettings(limits=ROOMY, seconds=durations(graph, known), replans=0)
    strategy = PlanStrategy(
        tools_of(graph), settings=settings, plan=plan_of(graph), keep=kept.append
    )
    await solved(strategy, cap or 10**6)
    timeline = kept[0].timeline
    return timeline.ended - timeline.started


def plan_of(graph: TimedGraph) -> Plan:
    """The graph as a plan: a tool per call, edges by `after`."""
    calls = tuple(
        Call(id=number + 1, tool=f"t{number}", after=tuple(i + 1 for i in before))
        for number, before in enumerate(graph.before)
    )
    return Plan(calls=calls, answer="done", joined=False)


def tools_of(graph: TimedGraph) -> ToolSet:
    empty = {"type": "object", "properties": {}}
    base = Tool(name="t", description="", parameters=empty, returns={}, body=Sleeping(0))
    return ToolSet(_named(base, number, seconds) for number, seconds in enumerate(graph.seconds))


def _named(base: Tool, number: int, seconds: float) -> Tool:
    return replace(base, name=f"t{number}", effect="read", pool="work", body=Sleeping(seconds))


def durations(graph: TimedGraph, known: Known) -> dict[str, float]:
    """What the scheduler is told."""
    if known == "none":
        return {}
    rng = Random(graph.name)
    spread = 0.5 if known == "±50 %" else 0.0
    return {
        f"t{number}": seconds * (1 + spread * rng.uniform(-1, 1))
        for number, seconds in enumerate(graph.seconds)
    }
