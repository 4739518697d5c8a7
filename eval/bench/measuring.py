"""What figures are taken with: time, memory and cores of processes, what a ledger billed, and the
name of the machine."""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from msgspec import Struct
from sqlalchemy import create_engine


class Meter:
    """Measures a `with` block: seconds of all threads of this process, of those that are not the
    one that measures, and of the clock."""

    def __init__(self) -> None:
        self.cpu = self.elsewhere = self.wall = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._own, self._wall = time.thread_time(), time.perf_counter()
        self._cpu = time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cpu = time.process_time() - self._cpu
        self.elsewhere = self.cpu - (time.thread_time() - self._own)
        self.wall = time.perf_counter() - self._wall


@contextmanager
def pinned() -> Iterator[int | None]:
    """Keep this process on its first core; yields another one, None where there is no other.

    Threads started inside stay there as well.
    """
    before = os.sched_getaffinity(0)
    mine, *others = sorted(before)
    os.sched_setaffinity(0, {mine})
    try:
        yield others[0] if others else None
    finally:
        os.sched_setaffinity(0, before)


def resident(process: int | Literal["self"] = "self") -> int:
    """KiB of a process now; ProcessLookupError where it is over."""
    return _kib(process, "VmRSS")


def peak(process: int | Literal["self"] = "self") -> int:
    """The most KiB that it ever had; ProcessLookupError where it is over."""
    return _kib(process, "VmHWM")


def _kib(process: int | Literal["self"], field: Literal["VmRSS", "VmHWM"]) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError as gone:
        raise ProcessLookupError(f"no process {process}") from gone
    for line in status.splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise ProcessLookupError(f"process {process} is over")


def cpu_seconds(process: int) -> float:
    """User and system time of a process and its threads; ProcessLookupError where it is over."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError as gone:
        raise ProcessLookupError(f"no process {process}") from gone
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Billed(Struct, frozen=True, kw_only=True):
    """Sums over every settled attempt of a ledger."""

    tokens: int
    calls: int
    twice: int
    """Calls with more than one settled attempt; what an endpoint supports may be asked at every
    start."""
    finished: int
    """Calls whose answer is committed."""


def billed(place: str | Path) -> Billed:
    """Read a ledger that nobody writes, by plain SQL: independent of the code that wrote it."""
    engine = create_engine(str(place) if "://" in str(place) else f"sqlite:///{place}")
    with engine.connect() as connection:
        tokens, calls = connection.exec_driver_sql(
            "SELECT COALESCE(SUM(billed_prompt_tokens + billed_completion_tokens), 0), COUNT(*) "
            "FROM attempts WHERE state = 'settled'"
        ).one()
        twice = connection.exec_driver_sql(
            "SELECT COUNT(*) FROM (SELECT key FROM attempts WHERE state = 'settled' "
            "AND role <> 'probe' GROUP BY job, key HAVING COUNT(*) > 1) AS several"
        ).scalar_one()
        finished = connection.exec_driver_sql("SELECT COUNT(*) FROM calls").scalar_one()
    engine.dispose()
    return Billed(tokens=int(tokens), calls=calls, twice=twice, finished=finished)


def machine() -> str:
    """Processor, cores, memory, system, Python and how busy it is, in one line."""
    busy = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return (
        f"{processor()}, {cores} cores, {memory_gib():.0f} GiB, {system}, {python}, "
        f"load {busy:.1f} at the start"
    )


def processor() -> str:
    """The processor's name, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def memory_gib() -> float:
    """Physical memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
