"""`sandbox`: executions per second of processor time, with a warm worker and with a fresh one each."""

from __future__ import annotations

import os
import resource
import time

from tts.eval.bench.report import Row, at_least, figure
from tts.verifiers.sandbox import DEFAULT_LIMITS, Exam, Isolation, chosen
from tts.verifiers.sandbox.worker import Worker

WARM, COLD = 200, 40
PROGRAM = "def f(n):\n    return sorted(range(n))"
EXAM = Exam(entry="f", checks=("assert f(3) == [0, 1, 2]",))


def sandbox(*, warm: int = WARM, cold: int = COLD) -> list[Row]:
    """At the strongest level here; candidate and tests in two processes each time.

    Per core: by the processor time of the jobs, of the sandbox process and of this one, which load
    on the machine changes little; the rate on the clock and the load stand beside it.
    """
    level = chosen()
    rows: list[Row] = []
    for name, workers, jobs, bar in (("warm", 1, warm, 60.0), ("cold", cold, 1, 40.0)):
        started, used = time.perf_counter(), _processor_seconds()
        inside = sum(_judged(level, jobs) for _ in range(workers))
        count, clock = workers * jobs, time.perf_counter() - started
        spent = inside + _processor_seconds() - used
        rows.append(at_least(f"{name}, per core, {level}", count / spent, "/s", bar=bar))
        rows.append(figure(f"{name}, on the clock, one worker", count / clock, "/s"))
    rows.append(figure("load of the machine over a minute", os.getloadavg()[0], ""))
    return rows


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
