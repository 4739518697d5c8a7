"""`reliability`, the part that kills: best of 32 with a judge's round, killed at random moments.

Every point is a job of its own, killed once with SIGKILL and gone on with by the same command (rows
R1 and R3 of the project's reliability bar; `tts bench kill` kills one job again and again).
"""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.fault_server import FaultPlan, Latency
from tts.eval.bench.measuring import billed
from tts.eval.bench.processes import CompareProcess, ServerProcess, served_options, write_questions
from tts.eval.bench.report import Row, at_most, exactly, figure
from tts.eval.run_comparison import DOUBT

PROBLEMS, DRAWS, CONCURRENCY, SEED = 40, 32, 64, 11
PLAN = FaultPlan(
    dialect="openai",
    latency=Latency(kind="lognormal", median=0.02, sigma=0.5),
    seed=SEED,
    words=12,
    says={"Solution:": "It holds. Score: {}"},
    keep_records=False,
)
LOOK = 0.005
"""Seconds between two looks at the server's count."""
EXTRA = 5.0
"""Percent of requests beyond those needed, at any point; a framework that keeps whole samples was
measured at 51."""
TIMED = frozenset({"seconds", "billed"})
"""Fields of a report that are figures of the machine, or of what was really sent."""


class Point(Struct, frozen=True, kw_only=True):
    """One job that was killed and resumed."""

    sent: int
    """Requests until it was dead."""
    finished: int
    """Calls that were committed by then."""
    extra: int
    """Requests in all beyond those needed."""
    twice: int
    """Finished calls that were billed again."""
    missing: int
    """Calls needed that its ledger does not hold at the end."""
    differs: bool
    """Whether the report is another one."""

    @property
    def in_flight(self) -> int:
        return self.sent - self.finished


def killed_and_resumed(points: int, *, problems: int = PROBLEMS, draws: int = DRAWS) -> list[Row]:
    """So many jobs of `problems` x `draws` draws and as many verdicts, each killed once."""
    with TemporaryDirectory() as name, ServerProcess(PLAN) as server:
        laboratory = _Laboratory(Path(name), server, problems, draws)
        needed = laboratory.whole()
        started = time.monotonic()
        marks = sorted(Random(SEED).sample(range(1, needed), points))
        found = [laboratory.point(number, mark) for number, mark in enumerate(marks)]
    return [
        *_rows(found, needed),
        figure("seconds for all points", time.monotonic() - started, "s"),
    ]


def _rows(found: list[Point], needed: int) -> list[Row]:
    over = [point.extra - point.in_flight for point in found]
    most = max(point.extra for point in found)
    what = f"of {len(found)} kill -9 points over {needed:,} calls"
    return [
        exactly(f"R1 reports that differ, {what}", sum(p.differs for p in found), "", bar=0),
        exactly(f"R1 finished calls lost, {what}", sum(p.missing for p in found), "", bar=0),
        exactly(f"R1 finished calls billed again, {what}", sum(p.twice for p in found), "", bar=0),
        at_most("R1 most requests beyond needed and in flight, any point", max(over), "", bar=0),
        at_most("R3 most requests beyond needed, any point", 100 * most / needed, "%", bar=EXTRA),
        figure("R1 most in flight at a kill", max(p.in_flight for p in found), ""),
    ]


class _Laboratory:
    """Runs jobs that ask the same of one server."""

    def __init__(self, folder: Path, server: ServerProcess, problems: int, draws: int) -> None:
        self._folder, self._server, self._draws = folder, server, draws
        self._questions = write_questions(folder / "questions.jsonl", range(problems))
        self._needed = 0

    def whole(self) -> int:
        """The job without a kill; how many calls it takes."""
        self._job("whole").finish()
        self._needed = billed(self._folder / "whole.db").finished
        return self._needed

    def point(self, number: int, mark: int) -> Point:
        """One that is killed once the server has had `mark` requests of it."""
        name = f"killed-{number}"
        place, before = self._folder / f"{name}.db", self._server.served().requests
        job = self._job(name)
        while job.running and self._server.served().requests - before < mark:
            time.sleep(LOOK)
        job.kill()
        sent = self._server.served().requests - before
        finished = billed(place).finished if place.exists() else 0
        self._job(name).finish()
        return Point(
            sent=sent,
            finished=finished,
            extra=self._server.served().requests - before - self._needed,
            twice=billed(place).twice,
            missing=self._needed - billed(place).finished,
            differs=self._report("whole") != self._report(name),
        )

    def _job(self, name: str) -> CompareProcess:
        return CompareProcess(
            self._folder / name,
            [
                *served_options(
                    self._server.url,
                    self._questions,
                    concurrency=CONCURRENCY,
                    verifier="judge:openai:simulated",
                ),
                ("--strategies", f"best_of_n(n={self._draws})"),
            ],
        )

    def _report(self, name: str) -> object:
        return timeless(
            msgspec.json.decode((self._folder / f"{name}.out/report.json").read_bytes())
        )


def timeless(told: Any) -> Any:
    """A report without what two runs of one job may differ in: times, and what was really billed."""
    if isinstance(told, dict):
        return {name: timeless(value) for name, value in told.items() if name not in TIMED}
    if isinstance(told, list):
        return [timeless(one) for one in told if not (isinstance(one, str) and DOUBT in one)]
    return told
