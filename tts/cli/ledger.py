"""`tts ledger`: what a job cost by strategy, model, role or problem."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from rich.text import Text

from tts.cli.screen import Screen, known_dollars
from tts.engine import spell_recorded
from tts.errors import UnknownName, UsageError
from tts.eval.report.terminal import Fitted
from tts.ledger.export import EXPORTED, WRITERS, export
from tts.ledger.questions import Bill, Grouping, JobSummary, Questions, Share
from tts.values.visible import visible

MOST_ROWS = 200
"""Rows of one table on the terminal; `--export` writes all of them."""


def show_ledger(place: str, job: str, by: str) -> None:
    """The jobs of a ledger, or the cost of one of them."""
    if by not in get_args(Grouping):
        raise UnknownName("grouping", by, get_args(Grouping))
    questions = Questions.open(place)
    console = Screen()
    try:
        jobs = questions.jobs()
        console.print(jobs_table(jobs))
        for summary in jobs:
            if job in ("", summary.job) and (job or len(jobs) == 1):
                group: Grouping = by  # type: ignore[assignment]
                billed = questions.billed(summary.job, by=group)
                console.print(billed_table(billed, by))
                console.print(attributed_table(questions.attributed(summary.job, by=group), by))
        if len(jobs) > 1 and not job:
            console.print(Text("--job NAME shows what one of them cost."))
        if job and job not in {summary.job for summary in jobs}:
            raise UnknownName("job", job, (summary.job for summary in jobs))
    finally:
        questions.close()


def left_out(rows: int) -> str:
    """Said below a table: how many of its rows are not shown."""
    more = f"{rows - MOST_ROWS:,} more rows are not shown: --export FILE writes all"
    return more if rows > MOST_ROWS else ""


def jobs_table(jobs: list[JobSummary]) -> Fitted:
    """Every job of the ledger."""
    rows = [
        (
            visible(one.job, 60),
            one.kind,
            datetime.fromtimestamp(one.created_at, UTC).isoformat(" ", "minutes")[:16],
            str(one.runs),
            str(one.ended),
        )
        for one in jobs[-MOST_ROWS:]
    ]
    names = ("kind", "began (UTC)", "runs", "ended")
    return Fitted(names, rows, "jobs", labels=("job",), caption=left_out(len(jobs)))


def billed_table(bills: list[Bill], by: str) -> Fitted:
    """What was really spent; a range where attempts ended unknown."""
    rows = [
        (
            visible(spell_recorded(bill.name), 80),
            str(bill.attempts),
            str(bill.unknown),
            span(bill.lower.prompt_tokens, bill.upper.prompt_tokens),
            span(bill.lower.completion_tokens, bill.upper.completion_tokens),
            known_dollars(bill.upper),
        )
        for bill in bills[:MOST_ROWS]
    ]
    names = ("attempts", "unknown", "prompt", "completion", "dollars")
    title = "billed: really spent, each request once"
    return Fitted(names, rows, title, labels=(by,), caption=left_out(len(bills)))


def attributed_table(shares: list[Share], by: str) -> Fitted:
    """What the uses would have cost alone."""
    rows = [
        (
            visible(spell_recorded(share.name), 80),
            str(share.uses),
            f"{share.usage.prompt_tokens:,}",
            f"{share.usage.completion_tokens:,}",
            "unknown" if share.usage.fresh_tokens is None else f"{share.usage.fresh_tokens:,}",
            known_dollars(share.usage),
        )
        for share in shares[:MOST_ROWS]
    ]
    names = ("uses", "prompt", "completion", "fresh", "dollars")
    title = "attributed: what each would have cost alone"
    return Fitted(names, rows, title, labels=(by,), caption=left_out(len(shares)))


def span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def export_ledger(place: str, table: str, target: Path, job: str) -> None:
    """Write one table of the ledger as CSV, JSON Lines or Parquet, by the target's ending."""
    form = target.suffix.removeprefix(".")
    if form not in WRITERS:
        raise UnknownName("format", form, WRITERS)
    if table not in EXPORTED:
        raise UnknownName("table", table, EXPORTED)
    if target.exists():
        raise UsageError(f"{target} exists already; name another file.")
    rows = export(place, target, table=table, form=form, job=job or None)  # type: ignore[arg-type]
    Screen().print(f"wrote {rows} rows of {table} to {target}")
