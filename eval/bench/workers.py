"""`workers`: calls per second of several processes on one ledger, and of nodes of a cluster.

As a program, this file is one of the processes.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from msgspec import Struct
from sqlalchemy import text

from tts.backends.fault_server import FaultPlan, Latency
from tts.engine import Job
from tts.errors import LedgerError
from tts.eval.bench.databases import POSTGRES, postgres
from tts.eval.bench.processes import ServerProcess, say
from tts.eval.bench.report import Row, at_least, figure
from tts.eval.bench.workload import DRAWS, ROOMY, offline_session, problems
from tts.eval.jobs.cluster import Report, Work, places
from tts.eval.jobs.submit import submission, submit
from tts.eval.recipe import recipe_of
from tts.ledger import Controls, JobLeases, Ledger
from tts.ledger.connect import connect
from tts.strategies import MajorityVote
from tts.values import Problem

PROCESSES = (1, 2, 4, 8)
CALLS = 16_000
"""Of all processes together."""
WINDOW = 64
"""Problems of one process at a time, of 16 draws each."""
BAR, ON_PAPER, SCALING = 3_000, 10_000, 3.5
NODES, IN_FLIGHT, SECONDS = 4, 32, 0.5
ROUNDS = 24
"""How many times each node's places are filled."""


def workers(*, calls: int = CALLS, processes: tuple[int, ...] = PROCESSES) -> list[Row]:
    """A simulated model that answers at once, on SQLite and PostgreSQL; then nodes of Ray."""
    on: dict[str, Callable[[int, int], Speed]] = {"SQLite": _on_sqlite}
    if POSTGRES in os.environ:
        on["PostgreSQL"] = _on_postgres
    rows = []
    for name, measure in on.items():
        found = {number: measure(number, calls) for number in processes}
        for number, one in found.items():
            rows.append(figure(f"calls of {number} processes on {name}", one.calls, "1/s"))
            rows.append(figure(f"CPU per call of {number} processes on {name}", one.cpu, "µs"))
        most = max(one.calls for one in found.values())
        rows.append(at_least(f"most calls on one {name} ledger", most, "1/s", bar=BAR))
        on_paper = max(number * 1e6 / one.cpu for number, one in found.items())
        what = f"calls on one {name} ledger, had each process a core"
        rows.append(at_least(what, on_paper, "1/s", bar=ON_PAPER))
    if POSTGRES in os.environ and find_spec("ray") is not None:
        rows += nodes()
    return rows


def _on_sqlite(number: int, calls: int) -> Speed:
    with TemporaryDirectory() as folder:
        return speed(f"{folder}/bench.db", number, calls)


def _on_postgres(number: int, calls: int) -> Speed:
    with on_postgres() as place:
        return speed(place, number, calls)


class Speed(Struct, frozen=True):
    """Of all processes together."""

    calls: float
    """Per second."""
    cpu: float
    """Microseconds of the processes for each call; a database server's own are not among them."""


def speed(place: str, number: int, calls: int) -> Speed:
    """From a signal at which all processes stand ready, to the end of the last one."""
    asyncio.run(_created(place))
    command = [sys.executable, "-m", "tts.eval.bench.workers", place]
    share = calls // DRAWS // number
    ready = [
        subprocess.Popen([*command, str(first * share), str(share)], stdin=-1, stdout=-1, text=True)
        for first in range(number)
    ]
    for process in ready:
        _pipe(process.stdout).readline()
    began = time.perf_counter()
    for process in ready:
        _pipe(process.stdin).write("\n")
        _pipe(process.stdin).flush()
    cpu = sum(float(_pipe(process.stdout).readline()) for process in ready)
    took = time.perf_counter() - began
    for process in ready:
        process.communicate()
    done = number * share * DRAWS
    return Speed(calls=done / took, cpu=cpu / done * 1e6)


async def _created(place: str) -> None:
    async with Ledger.open(place, job="bench"):
        """Once, before the processes come."""


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


async def work(place: str, first: int, count: int) -> None:
    """One process: each problem is claimed, solved under the shared wallet, and released."""
    session = await offline_session()
    async with Ledger.open(place, job="bench") as ledger:
        leases, window = JobLeases(ledger), asyncio.Semaphore(WINDOW)
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        began = time.process_time()
        async with (
            Job(session, name="bench", journal=ledger, leases=leases, wallet=ROOMY) as job,
            asyncio.TaskGroup() as group,
        ):
            for problem in problems(first + count)[first:]:
                group.create_task(_solve(job, leases, problem, window))
        say(str(time.process_time() - began))
    await session.close()


async def _solve(job: Job, leases: JobLeases, problem: Problem, window: asyncio.Semaphore) -> None:
    async with window:
        assert await leases.claim(problem.id)
        await job.journal.load(problem.id)
        result = await job.solve(problem, MajorityVote(n=DRAWS), ROOMY)
        assert result.usage.calls == DRAWS, result
        job.journal.forget(problem.id)
        await leases.release(problem.id)


@contextmanager
def on_postgres() -> Iterator[str]:
    """A ledger of its own in the server that the variable names."""
    with postgres() as place:
        if place is None:
            raise LedgerError(f"No PostgreSQL server answers where {POSTGRES} says.")
        yield place


def nodes(*, rounds: int = ROUNDS) -> list[Row]:
    """Nodes of Ray on this machine, each with its calls in flight at a server that takes its time."""
    made = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    for _ in range(NODES - 1):
        made.add_node(num_cpus=1)
    os.environ["RAY_ADDRESS"] = made.address
    try:
        one, all_ = (_nodes_rate(number, rounds) for number in (1, NODES))
    finally:
        made.shutdown()
    what = f"calls of {NODES} Ray nodes, {IN_FLIGHT} in flight each of {SECONDS:g} s"
    return [
        figure(f"{what}, of one", one, "1/s"),
        figure(what, all_, "1/s", baseline=one),
        at_least(f"{NODES} nodes beside one", all_ / one, "×", bar=SCALING),
    ]


def _nodes_rate(number: int, rounds: int) -> float:
    from tts.eval.jobs.ray_cluster import RayCluster

    plan = FaultPlan(dialect="openai", latency=Latency(median=SECONDS), keep_records=False)
    with on_postgres() as place, ServerProcess(plan) as server:
        _submit(place, server.url, number * IN_FLIGHT * rounds // DRAWS)
        cluster = RayCluster()
        for node in places(cluster.nodes()[:number], None, ledger=place):
            cluster.start(node, command(place))
        while cluster.working:
            cluster.ended(1.0)
        cluster.close()
        return together(place, number)


def command(place: str) -> Work:
    """What a node does: `tts job work`, as a process of its own."""
    words = [sys.executable, "-m", "tts.cli", "job", "work", "--ledger", place]
    return partial(_run, words)


def _run(words: list[str]) -> Report:
    with TemporaryDirectory() as folder:
        ended = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    return Report(code=ended.returncode)


def _submit(place: str, url: str, count: int) -> None:
    keys = {
        "model": "openai:simulated",
        "base_url": url,
        "verifier": "none",
        "problems": f"arithmetic:{count}",
        "strategies": [f"majority_vote(n={DRAWS})"],
        "concurrency": IN_FLIGHT,
        "adaptive": False,
    }
    controls = Controls.open(place)
    submit(controls, submission(recipe_of(keys), job="bench", out=Path("out")))
    controls.close()


TOGETHER = """
WITH own AS (SELECT process, started_at AS began, started_at + latency_s AS ended FROM attempts
             WHERE state = 'settled' AND role <> 'probe'),
     span AS (SELECT MAX(first) AS since, MIN(last) AS until, COUNT(*) AS workers FROM
              (SELECT MIN(began) AS first, MAX(ended) AS last FROM own GROUP BY process) AS each)
SELECT workers, until - since, (SELECT COUNT(*) FROM own WHERE ended BETWEEN since AND until)
FROM span
"""


def together(place: str, number: int) -> float:
    """Calls per second from when the last worker had begun until the first one ran out of work."""
    engine = connect(place)
    with engine.connect() as connection:
        found, seconds, calls = connection.execute(text(TOGETHER)).one()
    engine.dispose()
    assert found == number, f"{found} of {number} workers had something to do"
    return int(calls) / float(seconds)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
