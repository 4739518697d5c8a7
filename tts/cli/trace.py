"""`tts trace`: what one recorded run did."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from tts.cli.screen import Screen, one_line
from tts.engine import spell_budget, spell_recorded
from tts.errors import UsageError
from tts.eval.trace import RunLine, read_trace, render_trace, render_trace_page, run_lines
from tts.values import Budget
from tts.values.visible import visible

SHORT = 8
"""Characters of a run's id that tell it apart."""


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
