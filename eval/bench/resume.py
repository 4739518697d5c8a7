"""`resume`: a job is killed, its ledger filled up to near its end, gone on with and looked at.

Every figure is of the real command, the start of its interpreter included.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from typing import TypeVar

from tts.eval.bench.filling import ended_problem, fill
from tts.eval.bench.measuring import peak, resident
from tts.eval.bench.processes import (
    LONGEST,
    CompareProcess,
    Option,
    names_of,
    seconds_of,
    write_questions,
)
from tts.eval.bench.report import Row, at_most, within

PROBLEMS = 10_000
VOTES = (100, 50, 25, 10)
"""Draws of the four strategies: the first makes the calls that the others find."""
FILLED = 0.99
"""The share of the problems that have ended when it is gone on with."""
PATIENCE = 0.2
"""Seconds per problem that the rest may take: what has ended stands in its report too."""
FIRST, GROWN = 5.0, 250.0
"""Seconds to the first new call, and the MB that the process has taken by then."""
LOOKS = 3
MANY = 10
"""Times as many problems are given to one strategy, for its memory."""
MANY_CEILING, FLAT = 180.0, 1.05
"""MB, and times what it was half way."""
LOOK = 0.01
NEWEST = "SELECT MAX(rowid) FROM done"
T = TypeVar("T")


def resume(*, problems: int = PROBLEMS) -> list[Row]:
    """Four votes on so many problems, a hundred calls each; one draw on ten times as many.

    What the job had not begun when it was killed is written as `fill` does it.
    """
    with TemporaryDirectory() as name:
        place = Path(name) / "job"
        votes = [("--strategies", f"majority_vote(n={n})") for n in VOTES]
        options = [*_options(place, problems), *votes]
        return [
            *_gone_on_with(place, options, problems),
            *_looked_at(place.with_suffix(".db"), problems * max(VOTES)),
            *_many(Path(name) / "many", MANY * problems),
        ]


def _options(place: Path, problems: int) -> list[Option]:
    questions = write_questions(place.with_suffix(".jsonl"), range(problems))
    return [("--model", "simulated:0.7"), ("--verifier", "none"), ("--problems", str(questions))]


def _gone_on_with(place: Path, options: list[Option], problems: int) -> list[Row]:
    ledger = place.with_suffix(".db")
    job = CompareProcess(place, options)
    _wait(job, lambda: _reads(ledger, ended_problem) is not None)
    job.kill()
    fill(ledger, names_of(range(int(FILLED * problems))))
    made, started = calls_made(ledger), time.monotonic()
    again = CompareProcess(place, options)
    _wait(again, lambda: calls_made(ledger) > made)
    seconds, size = time.monotonic() - started, _mb(peak(again.pid))
    again.finish(LONGEST + PATIENCE * problems)
    what = f"a job of {made:,} finished calls"
    return [
        at_most(f"until the first new call of {what}", seconds, "s", bar=FIRST),
        at_most(f"memory by the first new call of {what}", size, "MB", bar=GROWN),
    ]


def _wait(job: CompareProcess, holds: Callable[[], bool]) -> None:
    """Until that is so."""
    while not holds():
        if not job.running:
            raise RuntimeError(f"It ended too early: {job.said}")
        time.sleep(LOOK)


def calls_made(ledger: Path) -> int:
    """Calls that were answered in a SQLite ledger, at a glance; 0 where there is no ledger yet."""
    return _reads(ledger, lambda c: int(c.execute(NEWEST).fetchone()[0] or 0)) or 0


def _reads(ledger: Path, read: Callable[[sqlite3.Connection], T]) -> T | None:
    """What a SQLite ledger says; None where there is no ledger yet, or none with tables."""
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            return read(connection)
    except sqlite3.OperationalError:
        return None


def _looked_at(ledger: Path, calls: int, *, looks: int = LOOKS) -> list[Row]:
    """Beside `tts --help`, which every command takes at least."""
    commands = {
        "tts trace RUN": (("trace", str(ledger), _a_run(ledger)), 0.5),
        "tts trace": (("trace", str(ledger)), 1.0),
        "tts ledger": (("ledger", str(ledger)), 3.0),
    }
    least = median(seconds_of("--help") for _ in range(looks))
    return [
        at_most(
            f"{name}, {calls:,} calls",
            median(seconds_of(*words) for _ in range(looks)),
            "s",
            bar=bar,
            baseline=least,
        )
        for name, (words, bar) in commands.items()
    ]


def _a_run(ledger: Path) -> str:
    connection = sqlite3.connect(ledger)
    try:
        return str(connection.execute("SELECT MAX(run_id) FROM runs").fetchone()[0])
    finally:
        connection.close()


def _many(place: Path, problems: int) -> list[Row]:
    """One strategy, one call each: what is over must not stay in memory."""
    job = CompareProcess(place, [*_options(place, problems), ("--strategies", "single")])
    sizes, highest = _watched(job)
    job.finish()
    half, quarter = len(sizes) // 2, len(sizes) // 4
    what = f"of {problems:,} problems with one strategy"
    return [
        at_most(f"memory {what}", _mb(highest), "MB", bar=MANY_CEILING),
        within(
            f"memory {what} at the end; baseline: half way",
            _mb(max(sizes[-quarter - 1 :])),
            "MB",
            baseline=_mb(fmean(sizes[half - quarter // 2 : half + 1])),
            times=FLAT,
        ),
    ]


def _watched(job: CompareProcess) -> tuple[list[int], int]:
    """Its sizes until it ends, and the largest that it ever had: KiB."""
    sizes, highest = list[int](), 0
    while job.running:
        try:
            sizes.append(resident(job.pid))
            highest = peak(job.pid)
        except ProcessLookupError:
            break
        time.sleep(LOOK)
    return sizes, highest


def _mb(kib: float) -> float:
    return kib * 1024 / 1e6
