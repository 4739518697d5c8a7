"""`sandbox`: executions per second of processor time, with a warm worker and with a fresh one each; and
whether verdicts on recorded programs stay what they are."""

from __future__ import annotations

import os
import resource
import time
from statistics import median

from tts.eval.bench.flips import PROGRAMS, flips
from tts.eval.bench.report import NeedsData, Row, at_least, figure
from tts.verifiers.sandbox import DEFAULT_LIMITS, Exam, Isolation, chosen
from tts.verifiers.sandbox.worker import Worker

WARM, COLD, TURNS = 100, 20, 7
PROGRAM = "def f(n):\n    return sorted(range(n))"
EXAM = Exam(entry="f", checks=("assert f(3) == [0, 1, 2]",))


def sandbox(
    *, warm: int = WARM, cold: int = COLD, turns: int = TURNS, programs: int = PROGRAMS
) -> list[Row]:
    """At the strongest level here; candidate and tests in two processes each time. Where there is data,
    so many recorded programs are also examined again and again under load, see `flips`.

    Per core: by the processor time of the jobs, of the sandbox process and of this one, which load
    on the machine changes little; the rate on the clock and the load stand beside it. Medians of
    turns, warm and cold ones by turns.
    """
    level = chosen()
    ways = {"warm": (1, warm, 60.0), "cold": (cold, 1, 40.0)}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, (workers, jobs, _bar) in ways.items():
            taken[name].append(_rates(level, workers, jobs))
    rows: list[Row] = []
    for name, (_workers, _jobs, bar) in ways.items():
        core, clock = (median(one) for one in zip(*taken[name], strict=True))
        rows.append(at_least(f"{name}, per core, {level}", core, "/s", bar=bar))
        rows.append(figure(f"{name}, on the clock, one worker", clock, "/s"))
    rows.append(figure("load of the machine over a minute", os.getloadavg()[0], ""))
    try:
        return [*rows, *flips(programs=programs)]
    except NeedsData:
        return rows


def _rates(level: Isolation, workers: int, jobs: int) -> tuple[float, float]:
    """Judged programs per second of processor time, and per second."""
    started, used = time.perf_counter(), _processor_seconds()
    inside = sum(_judged(level, jobs) for _ in range(workers))
    spent = inside + _processor_seconds() - used
    return workers * jobs / spent, workers * jobs / (time.perf_counter() - started)


def _judged(level: Isolation, jobs: int) -> float:
    """Judge a program so often in one fresh worker; its processor time that no parent is told."""
    worker = Worker(level)
    worker.start()
    try:
        if not all(worker.examine(PROGRAM, EXAM, DEFAULT_LIMITS).passed for _ in range(jobs)):
            raise RuntimeError("a right program did not pass")
        return worker.total_cpu_seconds if level == "namespaces" else 0.0
    finally:
        worker.close()


def _processor_seconds() -> float:
    """Of this process and of those that it waited for; bubblewrap's child is none of them."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)
