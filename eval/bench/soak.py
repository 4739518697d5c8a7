"""`soak`: steady work against a server that fails now and then, and what of it grows with time.

As a program, this file is the process that works and looks at itself.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from tts.backends.fault_server import Fault, FaultPlan, Latency
from tts.engine import Job, open_session
from tts.eval.bench.client import options
from tts.eval.bench.drift import PARTS, Drift, drift
from tts.eval.bench.measuring import resident
from tts.eval.bench.processes import ServerProcess, say
from tts.eval.bench.report import Row, at_least, at_most, exactly, figure
from tts.eval.bench.workload import DRAWS, ROOMY, problem, vote
from tts.ledger import JobLeases, Ledger

MINUTES, LONG = 1.0, 20.0
"""How long it is by default, and from which length on slopes have bars: a percent an hour is less
than the grain of a page in a shorter one."""
WARM = 0.4
"""Share of the time before anything is looked at: pools, caches and the heap fill up."""
RATE = 200.0
"""Calls a second."""
IN_FLIGHT = 64
STEEPEST = 1.0
"""Percent an hour."""
GROWN = 50.0
"""MiB after the warm time."""
TICK = 0.02
"""Seconds that the loop is asked to sleep, again and again; what it takes longer is its lag."""
PLAN = FaultPlan(
    dialect="openai",
    latency=Latency(kind="lognormal", median=0.05, sigma=0.5),
    seed=5,
    words=12,
    keep_records=False,
    rate=0.02,
    mix=(
        Fault(kind="status", status=429, headers={"Retry-After": "0.05"}),
        Fault(kind="status", status=503),
        Fault(kind="truncated_json"),
        Fault(kind="reset_before_headers"),
    ),
)


class Look(Struct, frozen=True, kw_only=True):
    """What the process was like within a second."""

    at: float
    """Seconds since the start."""
    kib: int
    """Resident memory."""
    descriptors: int
    lag: float
    """Milliseconds by which the event loop woke up late, the median."""
    calls: int
    """Answered since the start."""
    undone: int
    """Runs that ended otherwise than whole."""
    stored: int
    """Bytes of the ledger and its log."""


def soak(*, minutes: float = MINUTES) -> list[Row]:
    """Votes at a steady rate for so long; slopes are those after the warm time."""
    with TemporaryDirectory() as folder, ServerProcess(PLAN) as server:
        looks = list(_watched(server.url, folder, 60 * minutes))
    warm = [look for look in looks if look.at >= WARM * looks[-1].at]
    first, last = warm[0], warm[-1]
    per_call = (last.stored - first.stored) / max(1, last.calls - first.calls)
    return [
        at_least("R10 calls a second", last.calls / last.at, "1/s", bar=RATE * 0.9),
        exactly("R10 runs that did not end whole", last.undone, "", bar=0),
        at_most("R10 memory grown", (last.kib - first.kib) / 1024, "MiB", bar=GROWN),
        *_slopes("memory", warm, lambda look: look.kib, minutes),
        *_slopes("descriptors", warm, lambda look: look.descriptors, minutes),
        *_slopes("lag of the loop", warm, lambda look: look.lag, minutes),
        figure("median lag of the loop", median(look.lag for look in warm), "ms"),
        figure("memory at the end", last.kib / 1024, "MiB"),
        figure("descriptors at the end", last.descriptors, ""),
        figure("ledger per call", per_call, "B"),
    ]


def _slopes(
    what: str, looks: list[Look], value: Callable[[Look], float], minutes: float
) -> list[Row]:
    """Whether a rise, or a fall, beyond the bar is shown; and how much the looks could tell. None
    where they are too few."""
    if len(looks) < 4 * PARTS:
        return []
    found = drift([(look.at, value(look)) for look in looks])
    name = f"slope of {what}, {minutes:g} minutes"
    told = figure(name, found.value, "%/h")
    wide = figure(f"{name}: half of its interval", (found.high - found.low) / 2, "%/h")
    if minutes < LONG:
        return [told, wide]
    return [told, wide, at_most(f"{name}: least that is sure", _sure(found), "%/h", bar=STEEPEST)]


def _sure(found: Drift) -> float:
    """The end of the interval that is nearer to no slope; 0 where no slope is inside of it."""
    if found.low <= 0 <= found.high:
        return 0.0
    return min(abs(found.low), abs(found.high))


def _watched(url: str, folder: str, seconds: float) -> Iterator[Look]:
    """What the process that works says of itself; CalledProcessError where it failed."""
    command = [sys.executable, "-m", "tts.eval.bench.soak", url, folder, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            yield msgspec.json.decode(line, type=Look)
    if worker.returncode:
        raise subprocess.CalledProcessError(worker.returncode, command)


class _Work:
    """Votes one after another, begun at a steady rate, at most so many open at once."""

    def __init__(self, job: Job, ledger: Path) -> None:
        self._job, self._ledger = job, ledger
        self._window = asyncio.Semaphore(2 * IN_FLIGHT // DRAWS)
        self._start = time.monotonic()
        self._calls = self._undone = 0

    async def run(self, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look())
            async with asyncio.TaskGroup() as votes:
                for number in count():
                    await asyncio.sleep(self._start + number * DRAWS / RATE - time.monotonic())
                    if time.monotonic() - self._start >= seconds:
                        break
                    await self._window.acquire()
                    votes.create_task(self._vote(number))
            looking.cancel()

    async def _vote(self, number: int) -> None:
        try:
            result = await vote(self._job, problem(number))
        finally:
            self._window.release()
        self._calls += len(result.candidates)
        self._undone += result.stopped_by != "done"

    async def _look(self) -> None:
        while True:
            late = [await _late() for _ in range(round(1 / TICK))]
            say(msgspec.json.encode(self._now(1000 * median(late))).decode())

    def _now(self, lag: float) -> Look:
        files = self._ledger.parent.glob(f"{self._ledger.name}*")
        return Look(
            at=time.monotonic() - self._start,
            kib=resident(),
            descriptors=len(os.listdir("/proc/self/fd")),
            lag=lag,
            calls=self._calls,
            undone=self._undone,
            stored=sum(file.stat().st_size for file in files),
        )


async def _late() -> float:
    before = time.monotonic()
    await asyncio.sleep(TICK)
    return max(0.0, time.monotonic() - before - TICK)


async def work(url: str, folder: str, seconds: float) -> None:
    """Work for so long and say once a second what became of this process."""
    session = await open_session(options(url, IN_FLIGHT))
    place = Path(folder) / "ledger.db"
    async with Ledger.open(place, job="soak") as ledger:
        leases = JobLeases(ledger)
        async with Job(session, name="soak", journal=ledger, leases=leases, wallet=ROOMY) as job:
            await _Work(job, place).run(seconds)
    await session.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], float(sys.argv[3])))
