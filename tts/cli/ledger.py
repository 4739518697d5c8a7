"""`tts ledger`: what a job cost by strategy, model, role or problem."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from rich.table import Column, Table
from rich.text import Text

from tts.cli.screen import Screen, known_dollars
from tts.engine import spell_recorded
from tts.errors import UnknownName, UsageError
from tts.ledger.export import EXPORTED, WRITERS, export
from tts.ledger.questions import Bill, Grouping, JobSummary, Questions, Share

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


def capped(table: Table, rows: int) -> Table:
    """Says below a table how many of its rows were left out."""
    if rows > MOST_ROWS:
        table.caption = f"{rows - MOST_ROWS:,} more rows are not shown: --export FILE writes all"
        table.caption_justify = "left"
    return table


def jobs_table(jobs: list[JobSummary]) -> Table:
    """Every job of the ledger."""
    table = Table("job", "kind", "began", "runs", "ended", title="jobs", title_justify="left")
    for summary in jobs[-MOST_ROWS:]:
        began = datetime.fromtimestamp(summary.created_at, UTC).isoformat(" ", "seconds")
        table.add_row(Text(summary.job), summary.kind, began, str(summary.runs), str(summary.ended))
    return capped(table, len(jobs))


def billed_table(bills: list[Bill], by: str) -> Table:
    """What was really spent; a range where attempts ended unknown."""
    table = Table(named_column(by), "attempts", "unknown", "prompt", "completion", "dollars")
    table.title, table.title_justify = "billed: really spent, each request once", "left"
    for bill in bills[:MOST_ROWS]:
        low, high = bill.lower, bill.upper
        table.add_row(
            Text(spell_recorded(bill.name)),
            str(bill.attempts),
            str(bill.unknown),
            span(low.prompt_tokens, high.prompt_tokens),
            span(low.completion_tokens, high.completion_tokens),
            known_dollars(bill.upper),
        )
    return capped(table, len(bills))


def attributed_table(shares: list[Share], by: str) -> Table:
    """What the uses would have cost alone."""
    table = Table(named_column(by), "uses", "prompt", "completion", "fresh", "dollars")
    table.title, table.title_justify = "attributed: what each would have cost alone", "left"
    for share in shares[:MOST_ROWS]:
        table.add_row(
            Text(spell_recorded(share.name)),
            str(share.uses),
            f"{share.usage.prompt_tokens:,}",
            f"{share.usage.completion_tokens:,}",
            "unknown" if share.usage.fresh_tokens is None else f"{share.usage.fresh_tokens:,}",
            known_dollars(share.usage),
        )
    return capped(table, len(shares))


def named_column(by: str) -> Column:
    """The first column, whose names are long: folded, so that two of them stay apart."""
    return Column(by, overflow="fold", min_width=12)


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
