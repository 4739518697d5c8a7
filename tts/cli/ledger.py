"""`tts ledger`, `tts trace`: what a job cost by strategy, model, role or problem, and what one run of it did."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec
from rich.table import Column, Table
from rich.text import Text

from tts.cli.screen import Screen, known_dollars, one_line
from tts.engine import spell_budget, spell_recorded
from tts.errors import UnknownName, UsageError
from tts.eval.trace import RunLine, read_trace, render_trace, render_trace_page, run_lines
from tts.ledger.export import EXPORTED, WRITERS, export
from tts.ledger.questions import Bill, Grouping, JobSummary, Questions, Share
from tts.values import Budget
from tts.values.visible import visible

MOST_ROWS = 200
"""Rows of one table on the terminal; `--export` writes all of them."""
SHORT = 8
"""Characters of a run's id that tell it apart."""


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


def show_trace(
    place: str, run: str, job: str, *, page: Path | None = None, all_nodes: bool = False
) -> None:
    """The tree of a run, or the list of runs where there are several and none is named."""
    console = Screen()
    lines, count = ([], 0) if run else run_lines(place, job)
    if not run and count != 1:
        console.print(runs_table(lines))
        if count > len(lines):
            more = (
                f"… and {count - len(lines):,} more: tts ledger {place} --table runs --export FILE"
            )
            console.print(Text(more))
        console.print(Text("Name a run by the beginning of its id: tts trace LEDGER RUN"))
        return
    trace = read_trace(place, run or lines[0].run_id, job)
    strategy = spell_recorded(trace.run.strategy)
    budget = spell_budget(msgspec.json.decode(trace.run.budget, type=Budget))
    if page is not None:
        if page.exists():
            raise UsageError(f"{page} exists already; name another file.")
        page.write_text(render_trace_page(trace, strategy=strategy, budget=budget), "utf-8")
        console.print(Text(f"wrote {page}"))
        return
    answer = "none" if trace.run.answer is None else visible(trace.run.answer, 80)
    console.print(
        Text(f"{strategy}, {budget}, ended {trace.run.stopped_by or 'not yet'}, answer {answer}")
    )
    if trace.run.error is not None:
        console.print(one_line(f"why: {trace.run.error}", 500))
    tokens = f"{trace.usage.tokens:,} tokens in {trace.usage.calls:,} calls"
    console.print(Text(f"{tokens} (attributed, scoring included)", style="dim"))
    console.print(render_trace(trace, all_nodes=all_nodes))


def runs_table(lines: list[RunLine]) -> Table:
    """The recorded runs of a job."""
    table = Table("run", "problem", "strategy", "seed", "ended", "answer", "tokens")
    table.columns[0].no_wrap = True
    for line in lines:
        table.add_row(
            line.run_id[:SHORT],
            one_line(line.problem_id, 40),
            Text(spell_recorded(line.strategy)),
            str(line.replicate),
            line.stopped_by or "not yet",
            one_line(line.error or "" if line.answer is None else line.answer, 24),
            "" if line.usage is None else f"{line.usage.tokens:,}",
        )
    return table
