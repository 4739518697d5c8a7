"""Where the pages come from: a ledger, or reports that lie in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct

from tts.engine import spell_budget, spell_recorded
from tts.engine.spelling import parse_budget
from tts.errors import BadInput, TTSError, UnknownName, UsageError
from tts.eval.jobs import standings
from tts.eval.pilot import Pilot
from tts.eval.recorded import recorded_report
from tts.eval.report import ComparisonReport
from tts.eval.trace import RunLine, read_trace, reading, render_trace_page
from tts.eval.trace.read import line
from tts.eval.trace.render import Back
from tts.eval.view.outline import Outline, outline_of
from tts.ledger import Bill, Controls, Grouping, Questions
from tts.ledger.controls import Submission
from tts.ledger.questions import Ending, Spent
from tts.values import Budget

DATA = "report.json"


class JobLine(Struct, frozen=True, kw_only=True):
    """A job in the list."""

    job: str
    state: str
    ended: int
    planned: int | None
    began: float | None
    """Seconds since the epoch; None: not known."""
    bill: Bill | None = None
    """None: not known here."""


class Spending(Struct, frozen=True, kw_only=True):
    """What a job was billed, by what and when."""

    groups: dict[str, list[Bill]]
    """By grouping."""
    over_time: list[Spent]
    ceiling: int | None = None
    """Tokens that the whole job may be billed; None: its wallet is not told in tokens, or it has
    none."""
    wallet: str = ""
    pilot: Pilot | None = None
    """What its first problems had foretold; None: nobody had asked."""
    bill: Bill | None = None
    """Of the whole job."""


class Source(Protocol):
    """What the pages ask. Every method may take seconds and raises `TTSError`."""

    @property
    def name(self) -> str: ...

    @property
    def traced(self) -> bool:
        """Whether it holds single runs and bills."""
        ...

    def jobs(self) -> Sequence[JobLine]:
        """The newest first."""
        ...

    def report(self, job: str) -> ComparisonReport: ...

    def outline(self, job: str) -> Outline | None:
        """What is known of a job while `report` is at work in another thread; None: nothing is,
        and its report does not take long."""
        ...

    def runs(self, job: str, problem: str) -> Sequence[RunLine]:
        """The runs of one problem."""
        ...

    def trace(self, job: str, run: str) -> str:
        """The page of one run."""
        ...

    def spending(self, job: str) -> Spending: ...

    def close(self) -> None:
        """End a report that is being made: it raises `Closed`."""
        ...


class Closed(Exception):
    """Nobody waits for a report any more."""


def source_of(place: str | Path) -> Source:
    """A folder of reports, or a ledger; raises `BadInput` where it is neither."""
    if "://" not in str(place) and Path(place).is_dir():
        return FolderSource(Path(place))
    return LedgerSource(str(place))


GROUPS: tuple[Grouping, ...] = ("strategy", "role", "model")


class LedgerSource:
    """The jobs of a ledger, which stays as it is. A report is graded once and kept until more runs
    of its job have ended."""

    def __init__(self, place: str) -> None:
        self.name = place
        self.traced = True
        self._questions = Questions.open(place)
        self._controls = Controls.of(place)
        self._reports: dict[str, tuple[int, ComparisonReport]] = {}
        self._graded: dict[str, int] = {}
        """Runs of the reports that are being made."""
        self._endings: dict[str, list[Ending]] = {}
        """Of those jobs, as they were first asked for."""
        self._closed = False

    def jobs(self) -> Sequence[JobLine]:
        stands = {one.job: one for one in standings(self._controls, self._questions)}
        found = [
            JobLine(
                job=one.job,
                state=stands[one.job].state if one.job in stands else one.kind,
                ended=one.ended,
                planned=stands[one.job].planned if one.job in stands else None,
                began=one.created_at,
                bill=next(iter(self._questions.billed(one.job, by="job")), None),
            )
            for one in self._questions.jobs()
        ]
        return found[::-1]

    def report(self, job: str) -> ComparisonReport:
        ended = self._ended(job)
        kept = self._reports.get(job)
        if kept is None or kept[0] != ended:
            told = partial(self._heard, job)
            _, report = asyncio.run(recorded_report(self.name, job, told=told))
            kept = self._reports[job] = (ended, report)
            self._endings.pop(job, None)
        return kept[1]

    def _heard(self, job: str, graded: int) -> None:
        if self._closed:
            raise Closed
        self._graded[job] = graded

    def outline(self, job: str) -> Outline | None:
        if job not in self._endings:
            self._endings[job] = self._questions.endings(job)
        return outline_of(self._endings[job], graded=self._graded.get(job, 0))

    def close(self) -> None:
        self._closed = True

    def runs(self, job: str, problem: str) -> Sequence[RunLine]:
        with reading(self.name, job) as reader:
            return [
                msgspec.structs.replace(
                    line(row),
                    strategy=spell_recorded(row.strategy),
                    budget=spell_budget(msgspec.json.decode(row.budget, type=Budget)),
                )
                for row in reader.runs([problem])
            ]

    def trace(self, job: str, run: str) -> str:
        found = read_trace(self.name, run, job)
        budget = spell_budget(msgspec.json.decode(found.run.budget, type=Budget))
        start = f"/job/{quote(job, safe='')}"
        problem = f"{start}/problem?id={quote(found.run.problem_id, safe='')}"
        strategy = spell_recorded(found.run.strategy)
        return render_trace_page(
            found, strategy=strategy, budget=budget, back=Back(home="/", problem=problem)
        )

    def spending(self, job: str) -> Spending:
        self._ended(job)
        submitted = self._controls.find(job)
        wallet = wallet_of(submitted)
        return Spending(
            groups={by: self._questions.billed(job, by=by) for by in GROUPS},
            over_time=self._questions.spent_over_time(job),
            ceiling=wallet.tokens,
            wallet="" if wallet == Budget() else spell_budget(wallet),
            pilot=pilot_in(submitted),
            bill=next(iter(self._questions.billed(job, by="job")), None),
        )

    def _ended(self, job: str) -> int:
        """Runs of a job that have ended; raises `UnknownName`."""
        known = {one.job: one.ended for one in self._questions.jobs()}
        if job not in known:
            raise UnknownName("job", job, known)
        return known[job]


class FolderSource:
    """Reports as `tts compare --out` writes them: one in the folder itself, or one below each of its
    folders. Each is read once and kept until it is written again."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self.traced = False
        self._files = _named(folder)
        self._reports: dict[str, tuple[int, ComparisonReport]] = {}
        if not self._files:
            raise BadInput(f"{folder} holds no report.json, and neither does a folder in it.")

    def jobs(self) -> Sequence[JobLine]:
        found = []
        for job, file in self._files.items():
            runs = sum(row.runs for row in self.report(job).rows)
            began = file.stat().st_mtime
            found.append(JobLine(job=job, state="report", ended=runs, planned=None, began=began))
        return sorted(found, key=lambda one: -(one.began or 0))

    def report(self, job: str) -> ComparisonReport:
        file = self._files.get(job)
        if file is None:
            raise UnknownName("job", job, self._files)
        try:
            written = file.stat().st_mtime_ns
            kept = self._reports.get(job)
            if kept is None or kept[0] != written:
                report = msgspec.json.decode(file.read_bytes(), type=ComparisonReport)
                kept = self._reports[job] = (written, report)
            return kept[1]
        except (OSError, msgspec.MsgspecError) as error:
            raise BadInput(f"{file} is no report: {error}.") from error

    def outline(self, job: str) -> Outline | None:
        return None

    def close(self) -> None:
        """It has nothing that takes long."""

    def runs(self, job: str, problem: str) -> Sequence[RunLine]:
        return []

    def trace(self, job: str, run: str) -> str:
        raise _elsewhere()

    def spending(self, job: str) -> Spending:
        raise _elsewhere()


def wallet_of(submitted: Submission | None) -> Budget:
    """What the whole job may be billed, by the last order or else by its recipe."""
    if submitted is None:
        return Budget()
    if submitted.orders.wallet is not None:
        return submitted.orders.wallet
    told = msgspec.json.decode(submitted.recipe, type=_Keys).wallet
    return parse_budget(told) if told else Budget()


class _Keys(Struct):
    wallet: str | None = None


def pilot_in(submitted: Submission | None) -> Pilot | None:
    if submitted is None or not submitted.estimate:
        return None
    return msgspec.json.decode(submitted.estimate, type=Pilot)


def _elsewhere() -> TTSError:
    return UsageError("A folder of reports holds no single runs: tts view LEDGER shows them.")


def _named(folder: Path) -> dict[str, Path]:
    files = [folder / DATA, *sorted(folder.glob(f"*/{DATA}"))]
    found = [file for file in files if file.is_file() and not file.parent.is_symlink()]
    return {(file.parent.name or "report"): file for file in found}
