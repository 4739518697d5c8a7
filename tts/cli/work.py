"""`tts job work`: takes what is queued, the oldest first, until nothing is left to do."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from rich.text import Text

from tts.cli.compare import work_at
from tts.cli.exits import CODES, FAILED
from tts.cli.report import file_name
from tts.cli.screen import Screen, complain
from tts.engine.fewer_collections import steady_heap
from tts.errors import BadInput, TakenOver, TTSError
from tts.eval.jobs import recipe_in, runnable
from tts.eval.report.axes import Cost, axis_of
from tts.ledger import Controls, Submission
from tts.ledger.watching import Watcher

LOOK = 1.0
"""Seconds between two looks for something to do."""


def work_jobs(
    names: Collection[str],
    *,
    ledger: str,
    wait: bool,
    cost: str,
    junit: Path | None,
    away: bool = False,
    watched_by: Sequence[Watcher] = (),
) -> None:
    """Exits with 1 where a job has runs without an answer, and as the signal says.

    `away`: on a node that need not have the folder of a job; the reports are left to another.
    `watched_by`: told of all that this process writes into the ledger.
    """
    steady_heap()
    axis, code, worked = axis_of(cost).name, 0, False
    controls = Controls.open(ledger, create=wait)
    try:
        refuse_unknown(controls, names)
        while (found := _next(controls, names, wait=wait)) is not None:
            worked = True
            Screen().print(Text(f"working at {found.job}"), soft_wrap=True)
            with _scratch(found) if away else nullcontext(found) as chosen:
                code = write_up(controls, chosen, ledger, axis, junit, watched_by) or code
            if code > CODES:
                break
        if not worked and not away:
            Screen().print(Text(f"nothing is left to do in {ledger}"), soft_wrap=True)
    finally:
        controls.close()
    if code:
        sys.exit(code)


def _next(controls: Controls, names: Collection[str], *, wait: bool) -> Submission | None:
    """The oldest job that can be worked at; None: there is none, and nobody waits for one."""
    while True:
        for found in controls.all():
            if runnable(found) and (not names or found.job in names):
                return found
        if not wait:
            return None
        time.sleep(LOOK)


def refuse_unknown(controls: Controls, names: Collection[str]) -> None:
    """Raises `UnknownName` for the first that is no job of the ledger."""
    for name in names:
        controls.named(name)


def write_up(
    controls: Controls,
    found: Submission,
    ledger: str,
    cost: Cost,
    junit: Path | None,
    watched_by: Sequence[Watcher] = (),
) -> int:
    """Work at one job until its report is written; its exit code.

    What makes it impossible is kept with it, and others go on. Of one that has ended only the
    report is written.
    """
    target = junit and (junit / f"{file_name(found.job)}.xml").resolve()
    place = ledger if "://" in ledger else str(Path(ledger).resolve())
    try:
        with _inside(found.folder):
            spec = recipe_in(found).spec()
            how: dict[str, Any] = {"cost": cost, "junit": target, "watched_by": watched_by}
            return work_at(found, spec, ledger=place, **how).code
    except TakenOver as error:  # of this process alone: the job goes on, here as elsewhere
        complain(f"{found.job}: {error}")
        return 0
    except TTSError as error:
        complain(f"{found.job}: {error}")
        controls.stop(found.job, " ".join(str(error).split()))
        return FAILED


@contextmanager
def _scratch(found: Submission) -> Iterator[Submission]:
    """The job with a folder for its report that nobody reads, and one to be in if it has none here."""
    with TemporaryDirectory(prefix="tts-worker-") as folder:
        own = found.folder if Path(found.folder).is_dir() else folder
        yield msgspec.structs.replace(found, folder=own, out=folder)


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    """In the folder from which a job was submitted, where its relative paths begin."""
    before = Path.cwd()
    try:
        os.chdir(folder)
    except OSError as error:
        raise BadInput(f"{folder}, where it was submitted: {error.strerror}.") from error
    try:
        yield
    finally:
        os.chdir(before)
