"""`tts trace`: the runs of a job in the order of its set, and what one of them did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import msgspec
from rich.text import Text

from tts.cli.exits import run as run_to_end
from tts.cli.screen import Screen, one_line
from tts.engine import spell_budget, spell_recorded
from tts.errors import UsageError
from tts.eval.attempts import Attempt
from tts.eval.recorded import graded, read
from tts.eval.trace import RunLine, Trace, read_trace, render_trace, render_trace_page, run_lines
from tts.eval.trace.read import MOST_RUNS, line
from tts.values import Budget
from tts.values.visible import visible


def show_trace(
    place: str, run: str, job: str, *, page: Path | None = None, all_nodes: bool = False
) -> None:
    """The tree of a run, or the list of runs where there are several and none is named."""
    lines, count = ([], 0) if run else run_lines(place, job, most=1)
    if not run and count != 1:
        _list_runs(place, job, count)
        return
    trace = read_trace(place, run or lines[0].run_id, job)
    strategy = spell_recorded(trace.run.strategy)
    budget = spell_budget(msgspec.json.decode(trace.run.budget, type=Budget))
    if page is None:
        _show_tree(trace, strategy, budget, all_nodes=all_nodes)
        return
    if page.exists():
        raise UsageError(f"{page} exists already; name another file.")
    page.write_text(render_trace_page(trace, strategy=strategy, budget=budget), "utf-8")
    Screen().print(Text(f"wrote {page}"))


def _show_tree(trace: Trace, strategy: str, budget: str, *, all_nodes: bool) -> None:
    console = Screen()
    answer = "none" if trace.run.answer is None else visible(trace.run.answer, 80)
    console.print(
        Text(f"{strategy}, {budget}, ended {trace.run.stopped_by or 'not yet'}, answer {answer}")
    )
    if trace.run.error is not None:
        console.print(one_line(f"why: {trace.run.error}", 500))
    tokens = f"{trace.usage.tokens:,} tokens in {trace.usage.calls:,} calls"
    console.print(Text(f"{tokens} (attributed, scoring included)", style="dim"))
    console.print(render_trace(trace, all_nodes=all_nodes))


def _list_runs(place: str, job: str, count: int) -> None:
    """Each run in a line with its whole id, right or wrong, below its problem."""
    console = Screen(soft_wrap=True)
    found = read(place, job, most=MOST_RUNS)
    verdicts = (
        {one.run_id: one for one in run_to_end(graded(found, place)).values()} if found.kept else {}
    )
    for text in listed([line(row) for row in found.runs], verdicts):
        console.print(text)
    if count > len(found.runs):
        more = f"… and {count - len(found.runs):,} more"
        console.print(Text(f"{more}: tts ledger {place} --table runs --export FILE"))
    console.print(Text("Name a run by the beginning of its id: tts trace LEDGER RUN"))


def listed(lines: list[RunLine], verdicts: Mapping[str, Attempt]) -> Iterator[Text]:
    """The lines of a list of runs; `verdicts` are by the runs' ids."""
    for problem, runs in groupby(lines, key=lambda one: one.problem_id):
        yield one_line(problem)
        for one in runs:
            budget = spell_budget(msgspec.json.decode(one.budget, type=Budget))
            seed = f", seed {one.replicate}" if one.replicate else ""
            told = f"{spell_recorded(one.strategy)}, {budget}{seed}"
            yield Text(f"  {one.run_id}  {_verdict(verdicts.get(one.run_id))}  {told}: {_end(one)}")


def _verdict(found: Attempt | None) -> str:
    """In five cells; where there is no reference, nothing is right or wrong."""
    correct = None if found is None else found.grade.correct
    return "  -  " if correct is None else "right" if correct else "wrong"


def _end(one: RunLine) -> str:
    tokens = "" if one.usage is None else f", {one.usage.tokens:,} tokens"
    if one.answer is not None:
        ended = "" if one.stopped_by == "done" else f" ({one.stopped_by or 'not ended'})"
        return one_line(one.answer, 40).plain + ended + tokens
    return one_line(one.error or one.stopped_by or "not ended yet", 100).plain + tokens
