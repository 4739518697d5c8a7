"""ReAct, level by level, plan, streamed plan: one task shape, the same simulated latencies."""

from __future__ import annotations

from math import ceil
from random import Random
from statistics import mean

from msgspec import Struct

from tts.eval.bench.report import Row, at_most, figure
from tts.eval.bench.simulation import PIECE, Paced, Sleeping, simulated, solved
from tts.planner import Call, Plan, PlanSettings, PlanStrategy, write_plan
from tts.planner.execution import PlanRun
from tts.tools import Tool, ToolSet

RUNS = 20


class Times(Struct, frozen=True, kw_only=True):
    """Mean seconds of one model and its tools."""

    line: float
    """Of the planner, per call that it writes."""
    turn: float
    """Of one thought of ReAct."""
    joiner: float
    tool: float


MOVIE = Times(line=1.88 / 8, turn=1.62, joiner=1.62, tool=0.61)
"""As published (appendix E.1): planner 1.88 s for eight calls, answer 1.62 s, search 0.61 s."""
PARALLELQA = Times(line=5.28 / 7, turn=1.29, joiner=2.2, tool=3.65)
"""Solved from published totals, since no parts are published: ReAct 35.90 s with 470 tokens in 8
turns, plan without streaming 21.72 s with 340 tokens, 100 of them taken to be the joiner's; hence
22 ms per token and 3.65 s per tool. What is left to check is the streamed plan, 16.69 s."""


class TaskShape(Struct, frozen=True):
    """A plan and what the paper measured end to end for tasks of its kind."""

    name: str
    plan: Plan
    times: Times
    published: float
    """Its speedup over ReAct; other tools and models: a consistency check, no target."""

    @property
    def text(self) -> str:
        return write_plan(self.plan)

    @property
    def planner_seconds(self) -> float:
        return self.times.line * len(self.plan.calls)


def shapes() -> list[TaskShape]:
    """HotpotQA comparison, movie recommendation, and ParallelQA with three branches."""
    return [
        TaskShape("HotpotQA shape, 2 searches", _wide(2), MOVIE, 1.80),
        TaskShape("movie shape, 8 searches", _wide(8), MOVIE, 3.74),
        TaskShape("ParallelQA shape, 3 branches", _branches(3), PARALLELQA, 2.15),
    ]


def _wide(width: int) -> Plan:
    return Plan(calls=tuple(_call(number) for number in range(1, width + 1)))


def _branches(width: int) -> Plan:
    """A search and a calculation per branch, and one calculation over them."""
    searches = [_call(number) for number in range(1, width + 1)]
    sums = [_call(width + number, number) for number in range(1, width + 1)]
    last = _call(2 * width + 1, *range(width + 1, 2 * width + 1))
    return Plan(calls=(*searches, *sums, last))


def _call(number: int, *after: int) -> Call:
    return Call(
        id=number,
        tool=f"search{number}",
        arguments={"query": "the subject of a question"},
        after=after,
    )


def methods(shapes: list[TaskShape]) -> list[Row]:
    """Mean seconds of each method, beside the speedup that the paper measured end to end.

    ReAct and level by level are sums of simulated times; both plans are run by the engine.
    """
    rows: list[Row] = []
    for shape in shapes:
        drawn = [_seconds(shape, seed) for seed in range(RUNS)]
        react = mean(_react(shape.times, seconds) for seconds in drawn)
        level = mean(_levels(shape, seconds) for seconds in drawn)
        plan = mean(_planned(shape, seconds, streams=False) for seconds in drawn)
        streamed = mean(_planned(shape, seconds, streams=True) for seconds in drawn)
        least = mean(_ideal(shape, seconds) for seconds in drawn)
        name = f"{shape.name}, simulated latency"
        rows += [
            figure(f"ReAct, {name}", react, "s"),
            figure(f"level by level, {name}", level, "s", baseline=react),
            figure(f"plan, {name}", plan, "s", baseline=react),
            figure(f"streamed plan, {name}", streamed, "s", baseline=react),
            figure(
                f"streamed plan, times as fast as ReAct (baseline: the paper's figure), {name}",
                react / streamed,
                "×",
                baseline=shape.published,
            ),
            at_most(f"streamed plan / ideal, {name}", streamed / least, "", bar=1.02),
        ]
    return rows


def _seconds(shape: TaskShape, seed: int) -> dict[int, float]:
    """A tool's time by call: log-normal around the paper's mean."""
    rng = Random(f"{shape.name}{seed}")
    return {
        call.id: shape.times.tool * rng.lognormvariate(-0.045, 0.3) for call in shape.plan.calls
    }


def _react(times: Times, seconds: dict[int, float]) -> float:
    """One thought per call, one call at a time, and a last thought."""
    return sum(seconds.values()) + (len(seconds) + 1) * times.turn


def _levels(shape: TaskShape, seconds: dict[int, float]) -> float:
    """One turn per level, whose calls run together."""
    levels: dict[int, list[float]] = {}
    depth: dict[int, int] = {}
    for call in shape.plan.calls:
        depth[call.id] = 1 + max((depth[number] for number in call.inputs), default=0)
        levels.setdefault(depth[call.id], []).append(seconds[call.id])
    turn = shape.times.turn
    return sum(turn + max(level) for level in levels.values()) + turn


def _planned(shape: TaskShape, seconds: dict[int, float], *, streams: bool) -> float:
    """The engine itself: planner, calls, joiner."""
    kept: list[PlanRun] = []
    turns = [
        (shape.text, shape.planner_seconds),
        ('{"decision":"answer","answer":"x"}', shape.times.joiner),
    ]
    strategy = PlanStrategy(_tools(seconds), settings=PlanSettings(), keep=kept.append)
    simulated(solved(strategy, 512, Paced(turns, streams=streams)))
    timeline = kept[0].timeline
    return timeline.ended - timeline.started


def _ideal(shape: TaskShape, seconds: dict[int, float]) -> float:
    """Each call the moment its line is written and its inputs are there; then the joiner."""
    written, ends = 0, dict[int, float]()
    lines = shape.text.splitlines(keepends=True)
    pieces = ceil(len(shape.text) / PIECE)
    for call, line in zip(shape.plan.calls, lines, strict=False):
        written += len(line)
        sealed = shape.planner_seconds * ceil(written / PIECE) / pieces
        start = max([sealed, *(ends[number] for number in call.inputs)])
        ends[call.id] = start + seconds[call.id]
    return max(shape.planner_seconds, *ends.values()) + shape.times.joiner


def _tools(seconds: dict[int, float]) -> ToolSet:
    open_object = {"type": "object", "properties": {}, "additionalProperties": True}
    return ToolSet(
        Tool(
            name=f"search{number}",
            description="",
            parameters=open_object,
            returns={},
            body=Sleeping(taken),
            effect="read",
        )
        for number, taken in seconds.items()
    )
