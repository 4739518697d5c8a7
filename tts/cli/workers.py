"""`tts job work --workers N` and `--on ray`: the workers are elsewhere, this process watches them.

What they do is in the ledger. This process shows how the jobs stand, says which workers were lost,
and writes the report of each job that has ended; where it dies, workers of Ray die with it and
nothing is lost.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from types import FrameType

from rich.text import Text

from tts.cli.exits import CODES, FAILED, MISUSED, Interrupted, raise_interrupted, signals_to
from tts.cli.screen import Screen, complain
from tts.cli.work import refuse_unknown, work_jobs, write_up
from tts.errors import TTSError, UsageError
from tts.eval.jobs import Standing, runnable, standings
from tts.eval.jobs.cluster import LEAVE, Cluster, Ended, Report, places
from tts.eval.jobs.local_processes import LocalProcesses
from tts.eval.report.axes import Cost, axis_of
from tts.ledger import Controls, Questions

LOOK = 1.0
"""Seconds between two looks at the jobs."""


def opened(on: str, workers: int | None) -> Cluster:
    """The cluster that a flag names; raises `UsageError` where there is none."""
    kind, found, address = on.partition("://")
    if not on:
        return LocalProcesses(workers or 1)
    if kind != "ray" or (found and not address):
        raise UsageError(f"--on is ray or ray://HOST:PORT, not {on!r}.")
    from tts.eval.jobs.ray_cluster import RayCluster

    return RayCluster(address)


def work_by(
    open_cluster: Callable[[], Cluster],
    names: Collection[str],
    *,
    ledger: str,
    workers: int | None,
    wait: bool,
    cost: str,
    junit: Path | None,
) -> None:
    """Start the workers and stay until they have ended; exits as `work_jobs` does."""
    with (
        closing(Controls.open(ledger, create=wait)) as controls,
        closing(Questions.open(ledger)) as questions,
    ):
        refuse_unknown(controls, names)
        watching = Watching(controls, questions, names, ledger, axis_of(cost).name, junit)
        with closing(open_cluster()) as cluster:
            _start(cluster, names, place_of(ledger), workers, wait)
            code = _until_ended(cluster, watching)
        if code <= CODES:
            code = watching.conclude() or code
    if code:
        sys.exit(code)


def place_of(ledger: str) -> str:
    """The same ledger from any folder."""
    return ledger if "://" in ledger else str(Path(ledger).resolve())


def _start(
    cluster: Cluster, names: Collection[str], ledger: str, workers: int | None, wait: bool
) -> None:
    chosen = places(cluster.nodes(), workers, ledger=ledger)
    work = partial(work_away, tuple(names), ledger, wait)
    for node in chosen:
        cluster.start(node, work)
    counts = {"worker": len(chosen), "node": len({node.id for node in chosen})}
    said = [f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items()]
    Screen().print(Text(" on ".join(said)))


def _until_ended(cluster: Cluster, watching: Watching) -> int:
    """0, or 1 where a worker could not work; the first signal ends the workers in order."""
    code, heard = 0, list[int]()
    with signals_to(partial(_hear, heard)):
        while cluster.working and not heard:
            code = max([code, *(_said(one) for one in cluster.ended(LOOK))])
            watching.look()
        if not heard:
            return code
        cluster.stop()
        deadline = time.monotonic() + LEAVE
        while cluster.working and time.monotonic() < deadline:
            cluster.ended(LOOK)
    return CODES + heard[0]


def _hear(heard: list[int], number: int, frame: FrameType | None) -> None:
    """Noted, not raised: what runs may be native code that no exception should cross."""
    if heard:
        raise_interrupted(number, frame)
    heard.append(number)


def _said(worker: Ended) -> int:
    """Tell what became of a worker; the exit code that follows from it."""
    if worker.report is None:
        complain(f"A worker on {worker.node.named} was lost ({worker.reason}).")
        return 0
    if worker.report.said:
        complain(f"{worker.node.named}: {worker.report.said}")
        return FAILED
    return 0


class Watching:
    """How the jobs stand, line by line, and the report of each once it has ended."""

    def __init__(
        self,
        controls: Controls,
        questions: Questions,
        names: Collection[str],
        ledger: str,
        cost: Cost,
        junit: Path | None,
    ) -> None:
        self._controls, self._names, self._ledger = controls, names, ledger
        self._cost: Cost = cost
        self._junit = junit
        self._questions = questions
        self._open = {one.job for one in controls.all() if runnable(one)}
        self._said: dict[str, str] = {}
        self._code = 0

    def look(self) -> None:
        """Say what changed, and write what can be written."""
        for found in self._mine():
            if found.ended_at is None:
                self._open.add(found.job)
            if found.job in self._open and found.state in ("running", "ended"):
                self._tell(found)
            if found.job in self._open and found.ended_at is not None:
                self._open.discard(found.job)
                self._code = self._report(found.job) or self._code

    def _tell(self, found: Standing) -> None:
        line = f"{found.job}: {found.state}, {found.ended} of {found.planned or '?'} runs"
        if self._said.get(found.job) != line:
            self._said[found.job] = line
            Screen().print(Text(line), soft_wrap=True)

    def conclude(self) -> int:
        """The last look: what has not ended waits for something, or lost its workers."""
        self.look()
        for found in self._mine():
            if found.fault:
                complain(f"{found.job}: {found.fault}")
            if found.state in ("queued", "waiting"):
                self._code = self._code or FAILED
            if found.state == "queued":
                complain(f"{found.job} has no worker left: run the same command again.")
        return self._code

    def _mine(self) -> list[Standing]:
        found = standings(self._controls, self._questions)
        return [one for one in found if not self._names or one.job in self._names]

    def _report(self, job: str) -> int:
        found = self._controls.named(job)
        return write_up(self._controls, found, self._ledger, self._cost, self._junit)


def work_away(names: tuple[str, ...], ledger: str, wait: bool) -> Report:
    """What a worker does on its node: the same as `tts job work`, unseen; the report is not its
    to write."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            work_jobs(names, ledger=ledger, wait=wait, cost="tokens", junit=None, away=True)
        except SystemExit as end:
            return Report(code=end.code if isinstance(end.code, int) else FAILED)
        except TTSError as error:
            return Report(code=MISUSED, said=" ".join(str(error).split()))
        except Interrupted as stop:
            return Report(code=stop.code)
        except KeyboardInterrupt:
            return Report(code=CODES + 2)
    return Report(code=0)
