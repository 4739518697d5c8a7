"""`memory`: what stays of runs that are over, and whether a run on the embedded models grows."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from tts.engine.fewer_collections import fewer_collections
from tts.eval.bench.measuring import resident
from tts.eval.bench.processes import CompareProcess
from tts.eval.bench.report import Row, at_most, figure
from tts.eval.bench.workload import engine_calls, offline_session
from tts.ledger import Ledger

CALLS, CEILING = 100_000, 150
FOUND = re.compile(r"(\d+) (\d+) (\d+)")
SECONDS, WARM, WINDOW = 180.0, 60.0, 15.0
"""How long a comparison is watched, from when on it has to be flat, and how long an average is."""
FLAT = 1.0
"""MiB a minute."""
COMPARISON = (
    ("--model", "embedded:small"),
    ("--verifier", "embedded:prm"),
    ("--problems", "arithmetic:2000"),
    ("--max-tokens", "160"),
    ("--strategies", "best_of_n(n=16), beam_search(n=16), dvts(n=16), lookahead_search(n=16)"),
    ("--budgets", "2400 tokens"),
)
Sample = tuple[float, float]
"""Seconds since the start, MiB."""


def memory(*, calls: int = CALLS, seconds: float = SECONDS, warm: float = WARM) -> list[Row]:
    """Resident memory of a process that made so many calls, ledger on disk, and its growth in a
    comparison on the embedded models that is watched for so many seconds."""
    return [*_after(calls), *_embedded(seconds, warm)]


def growth(samples: list[Sample], warm: float) -> tuple[float, float]:
    """MiB a minute before `warm` seconds and from then on, between averages over a window."""
    last = samples[-1][0]
    window = min(WINDOW, (last - warm) / 3)
    early, late = _mean(samples, warm, warm + window), _mean(samples, last - window, last)
    return (early - samples[0][1]) * 60 / warm, (late - early) * 60 / (last - warm - window)


def _after(calls: int) -> list[Row]:
    command = [sys.executable, "-m", "tts.eval.bench.memory", str(calls)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = FOUND.search(said)
    assert match is not None, said
    start, tenth, end = (int(number) / 1024 for number in match.groups())
    return [
        at_most(f"resident memory after {calls} calls", end, "MiB", bar=CEILING, baseline=start),
        figure("grown since a tenth of them", end - tenth, "MiB"),
    ]


async def grown(calls: int) -> tuple[int, int, int]:
    """Resident memory at the start, after a tenth of the calls and after all."""
    session = await offline_session(concurrency=512)
    fewer_collections()
    sizes = [resident()]
    with TemporaryDirectory() as folder:
        for part, name in ((calls // 10, "tenth"), (calls - calls // 10, "rest")):
            async with Ledger.open(Path(folder) / name, job="bench") as ledger:
                await engine_calls(session, ledger, calls=part, in_flight=512)
                sizes.append(resident())
    await session.close()
    return sizes[0], sizes[1], sizes[2]


def _embedded(seconds: float, warm: float) -> list[Row]:
    samples = list(_watched(seconds))
    first, then = growth(samples, warm)
    what = f"growth of an embedded comparison from second {warm:g} to {seconds:g}"
    return [
        figure("resident memory of an embedded comparison", samples[-1][1], "MiB"),
        at_most(what, then, "MiB/min", bar=FLAT, baseline=first),
    ]


def _watched(seconds: float) -> Iterator[Sample]:
    """Sizes of a real `tts compare`, twice a second; RuntimeError where it ends before."""
    with TemporaryDirectory() as folder:
        job = CompareProcess(Path(folder) / "watched", COMPARISON)
        start = time.monotonic()
        try:
            while (at := time.monotonic() - start) < seconds:
                if not job.running:
                    raise RuntimeError(job.said)
                yield at, resident(job.pid) / 1024
                time.sleep(0.5)
        finally:
            job.kill()


def _mean(samples: list[Sample], begin: float, end: float) -> float:
    return fmean(size for at, size in samples if begin <= at <= end)


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, asyncio.run(grown(int(sys.argv[1]))))) + "\n")
