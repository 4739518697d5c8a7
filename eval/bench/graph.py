"""`graph`: what the engine adds to the critical path of a graph of calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import log
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tts.engine import Job, Session
from tts.eval.bench.report import Row, at_most
from tts.eval.bench.timed_graphs import TimedGraph, layered
from tts.eval.bench.workload import offline_session
from tts.ledger import Ledger, MemoryLeases
from tts.protocols import Abort, Answer, Came, Draw, FlatCall, Meter, OperationSpec
from tts.run import Node, Run
from tts.values import Budget, Candidate, Problem, Usage

RUNS = 3
SIZES = ((20, 10), (25, 40))
"""Layers and nodes in each, held to a multiple of the critical path."""
LARGE = {(25, 400): 45.0, (1, 10_000): 60.0, (1, 30_000): 80.0}
"""Layered and wide, held to microseconds per node on top of the critical path."""
EXPONENT = 1.03
"""Of the number of nodes ready at once, to which the loop's processor time grows. The time beyond
the path would do so at a constant cost too: much of a small graph is done while its path waits."""
ROOMY = Budget(calls=1 << 40)


class Wait(FlatCall):
    """An operation that takes a given time and brings its number; it needs no coroutine, as a request
    to a model needs none.

    Arguments: (number, seconds, nodes to wait for).
    """

    content_type = int
    flat_cost = Usage(calls=1)
    spec = OperationSpec(
        name="wait", version="1", role="tool", effect="pure", model="", pool="wait", prompt=True
    )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return args[0]

    def begin(
        self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter, came: Came
    ) -> Abort | None:
        return asyncio.get_running_loop().call_later(args[1], came, self.answered(args[0])).cancel

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        await asyncio.sleep(args[1])
        return self.answered(args[0])

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> int:
        return int(content)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return args[0]


class Growing:
    """Submits a whole graph at once and waits for its last nodes."""

    name = "growing"

    def __init__(self, graph: TimedGraph) -> None:
        self.graph = graph
        self.parameters = {"nodes": len(graph.seconds)}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        wait = Wait()
        nodes: list[Node[int]] = []
        for number, (seconds, before) in enumerate(
            zip(self.graph.seconds, self.graph.before, strict=True)
        ):
            nodes.append(run.call(wait, number, seconds, [nodes[i] for i in before]))
        await run.all(nodes)
        return None

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return None


def graph(
    *,
    runs: int = RUNS,
    sizes: tuple[tuple[int, int], ...] = SIZES,
    large: Mapping[tuple[int, int], float] = LARGE,
) -> list[Row]:
    """Makespans of 50 ms log-normal calls, trace and ledger on, beside bare asyncio."""
    rows = [_beside_path(layers, width, runs) for layers, width in sizes]
    wide: dict[int, float] = {}
    for (layers, width), bar in large.items():
        measured = _medians(layers, width, runs)
        what = f"beyond the critical path per node, {_shape(layers, width)}"
        rows.append(at_most(what, measured.ours, "µs", bar=bar, baseline=measured.bare))
        if layers == 1:
            wide[width] = measured.cpu
    return [*rows, *_growth(wide)]


def _beside_path(layers: int, width: int, runs: int) -> Row:
    measured = _medians(layers, width, runs)
    what = f"makespan / critical path, {_shape(layers, width)}"
    return at_most(what, measured.ours, "", bar=1.02, baseline=measured.bare)


def _growth(wide: Mapping[int, float]) -> list[Row]:
    """From the smallest to the largest graph whose nodes are ready at once."""
    if len(wide) < 2:
        return []
    least, most = min(wide), max(wide)
    exponent = 1 + log(wide[most] / wide[least]) / log(most / least)
    what = f"growth with the nodes ready at once, exponent from {least} to {most}"
    return [at_most(what, exponent, "", bar=EXPONENT)]


def _shape(layers: int, width: int) -> str:
    return f"{layers * width} nodes {'wide' if layers == 1 else f'in {layers} layers'}"


class Measured(NamedTuple):
    """Of one graph: the figure of the engine and of bare asyncio, and the loop's processor time per
    node (seconds) of the engine."""

    ours: float
    bare: float
    cpu: float


def _medians(layers: int, width: int, runs: int) -> Measured:
    with TemporaryDirectory() as folder:
        each = [asyncio.run(_one(Path(folder), layers, width, turn)) for turn in range(runs)]
    return Measured(*(median(figures) for figures in zip(*each, strict=True)))


async def _one(folder: Path, layers: int, width: int, turn: int) -> Measured:
    asked = layered(layers, width, seed=turn)

    def figure(seconds: float) -> float:
        if layers * width < 10_000:
            return seconds / asked.longest_path
        return (seconds - asked.longest_path) / len(asked.seconds) * 1e6

    bare = await _timed(lambda: _bare(asked))
    session = await offline_session(concurrency=2 * len(asked.seconds))
    async with Ledger.open(folder / f"{turn}.db", job="bench") as ledger:
        used = time.thread_time()
        ours = await _timed(lambda: _engine(session, ledger, asked))
        used = time.thread_time() - used
    await session.close()
    return Measured(figure(ours), figure(bare), used / len(asked.seconds))


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _engine(session: Session, ledger: Ledger, asked: TimedGraph) -> None:
    events: list[object] = []
    leases = MemoryLeases()
    async with Job(
        session, name=ledger.job, journal=ledger, leases=leases, observe=events.append
    ) as job:
        result = await job.solve(Problem(id="graph", prompt="graph"), Growing(asked), ROOMY)
    assert result.usage.calls == len(asked.seconds), result
    assert len(events) > len(asked.seconds)


async def _bare(asked: TimedGraph) -> None:
    """A task per node that waits for the tasks before it."""
    tasks: list[asyncio.Task[None]] = []

    async def node(seconds: float, before: list[asyncio.Task[None]]) -> None:
        for task in before:
            await task
        await asyncio.sleep(seconds)

    for seconds, before in zip(asked.seconds, asked.before, strict=True):
        tasks.append(asyncio.create_task(node(seconds, [tasks[i] for i in before])))
    await asyncio.gather(*tasks)
