"""`tts compare`, `tts eval`, `tts demo`: the grid with live progress, the table and the report."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from tts.cli.exits import FAILED, run_noting
from tts.cli.report import folder_of, make_folder, write_junit, write_report
from tts.cli.screen import Screen, complain, warn
from tts.engine.fewer_collections import fewer_collections, steady_heap
from tts.errors import BadInput
from tts.eval.attempts import Attempt
from tts.eval.comparison import Comparison
from tts.eval.jobs import submission
from tts.eval.problems.generated import is_generated
from tts.eval.recipe import Recipe, read_parts, recipe_of
from tts.eval.report import ComparisonReport, render_table
from tts.eval.report.axes import Cost, axis_of
from tts.eval.report.columns import columns_by
from tts.eval.run_comparison import run_comparison as run_grid
from tts.eval.spec import ComparisonSpec
from tts.eval.statistics import FEWEST, wilson
from tts.ledger import Submission
from tts.ledger.watching import Watcher
from tts.values import NOTHING, Usage

UNANSWERED = frozenset({"failed", "suspended", "outage"})
"""Ends of runs that leave a question without an answer for a reason of their own."""
STAND_IN = (
    "No --model is given: the embedded test model answers, which knows only small arithmetic. "
    "Name yours with --model backend:NAME."
)
PLAIN_EVERY = 30.0
"""Seconds between lines where there is no terminal."""
LIVE_EVERY = 0.5
SPARING = 20.0
"""Drawing a large grid takes at most one part in so many of the time."""


def run_comparison(
    recipe: Path | None,
    options: dict[str, Any],
    *,
    ledger: str,
    job: str,
    out: Path | None,
    part: str = "",
    retry_failed: bool = False,
    cost: str = "tokens",
    junit: Path | None = None,
) -> None:
    """Run, or go on; the parts of a recipe one after another, each into a folder of its name
    (of its job, where no folder is given).

    Exits with 1 where a run has no answer for a reason of its own, and as the signal says after
    an interruption; every report that there is has been written by then.
    """
    steady_heap()
    parts, axis = recipes(recipe, options, part), axis_of(cost).name
    code = 0
    for name, chosen in parts.items():
        own = f"{job}-{name}" if job and name else job
        how: dict[str, Any] = {"ledger": ledger, "job": own, "retry_failed": retry_failed}
        kept = junit and (junit.with_stem(f"{junit.stem}-{name}") if name else junit)
        code = run_part(chosen, **how, out=out and out / name, cost=axis, junit=kept) or code
        if code > FAILED:
            break
    if code:
        sys.exit(code)


def recipes(recipe: Path | None, options: dict[str, Any], part: str = "") -> dict[str, Recipe]:
    """The comparisons that a command asks for, by the names of their parts."""
    if part and not recipe:
        raise BadInput("--part chooses a part of a recipe, and no recipe is given.")
    found = read_parts(recipe, part, **options) if recipe else {"": recipe_of(options)}
    if any(stands_in(one) for one in found.values()):
        warn(STAND_IN)
    return found


def stands_in(recipe: Recipe) -> bool:
    """Whether the embedded model answers somebody's own problems unasked."""
    own = not is_generated(recipe.problems)
    return own and "model" not in recipe.model_fields_set


def run_part(
    chosen: Recipe,
    *,
    ledger: str,
    job: str,
    out: Path | None,
    retry_failed: bool = False,
    cost: Cost = "tokens",
    junit: Path | None = None,
) -> int:
    """Submit one comparison and work at it; its exit code."""
    asked = submission(chosen, job=job, out=out)
    return work_at(
        asked, chosen.spec(), ledger=ledger, new=True, retry=retry_failed, cost=cost, junit=junit
    )


def work_at(
    job: Submission,
    spec: ComparisonSpec,
    *,
    ledger: str,
    new: bool = False,
    retry: bool = False,
    cost: Cost = "tokens",
    junit: Path | None = None,
    watched_by: Sequence[Watcher] = (),
) -> int:
    """Work at a job until nothing of it is left, and write its report; its exit code.

    A first Ctrl-C ends it with the partial report. `new`: it is submitted with this.
    """
    console, out = Screen(), Path(job.out) if job.out else None
    make_folder(folder_of(out, job.job))
    how: dict[str, Any] = {"submitted": job if new else None, "retry_failed": retry}
    how["watched_by"] = watched_by
    work = partial(run_grid, spec, ledger=ledger, job=job.job, **how)
    report, code = run_noting(_watched(work, Progress(console)))
    console.print(render_table(report, columns=columns_by(cost)))
    written = write_report(report, out, job.job, cost)
    if junit is not None:
        written.append(write_junit(report, junit))
    for path in written:
        console.print(f"wrote {path}")
    if report.fault:
        complain(report.fault)
    return code or exit_code(report)


Work = Callable[..., Awaitable[ComparisonReport]]


async def _watched(work: Work, progress: Progress) -> ComparisonReport:
    async with progress:
        return await work(watch=progress.begin)


def exit_code(report: ComparisonReport) -> int:
    """1 where something stands between a run and its answer: a failure, the wallet, an outage."""
    ends = {end for row in report.rows for end, count in row.stopped_by.items() if count}
    return FAILED if report.fault or ends & UNANSWERED else 0


class Progress:
    """Accuracy with its interval, spent, speed, time left and failures, per strategy and budget."""

    def __init__(self, console: Screen) -> None:
        self.console = console
        self._comparison: Comparison | None = None
        self._started = time.monotonic()
        self._replayed = 0
        self._ticker: asyncio.Task[None] | None = None
        self._live = Live(console=console, refresh_per_second=4, transient=True)

    def begin(self, comparison: Comparison) -> None:
        """The grid is known, and everything that stays is loaded."""
        fewer_collections()
        self._comparison, self._started = comparison, time.monotonic()

    async def __aenter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        if self.console.is_terminal:
            self._live.stop()

    async def _tick(self) -> None:
        took = 0.0
        while True:
            every = LIVE_EVERY if self.console.is_terminal else PLAIN_EVERY
            await asyncio.sleep(max(every, SPARING * took))
            if self._comparison is None:
                continue
            began = time.monotonic()
            if self.console.is_terminal:
                self._live.update(self._table(self._comparison))
            else:
                self.console.print(self._line(self._comparison))
            took = time.monotonic() - began

    def _line(self, comparison: Comparison) -> Text:
        attempts = list(comparison.attempts.values())
        done, whole = len(attempts), comparison.size
        billed = sum((attempt.billed for attempt in attempts), NOTHING)
        seconds = max(time.monotonic() - self._started, 1e-3)
        failed = sum(attempt.stopped_by == "failed" for attempt in attempts)
        left = f"{seconds / done * (whole - done):.0f} s left" if done else "no run has ended yet"
        held = len(comparison.elsewhere)
        beside = f", {held} problems in other processes" if held else ""
        return Text(
            f"{done}/{whole} runs, {billed.tokens:,} tokens billed ({dollars(billed)}), "
            f"{billed.tokens / seconds:,.0f} tokens/s, {failed} failed, {left}{beside}"
        )

    def _table(self, comparison: Comparison) -> Table:
        table = Table(title=self._line(comparison), title_justify="left")
        for name in ("strategy", "budget", "runs", "accuracy", "95 %", "tokens/run"):
            table.add_column(name)
        groups: dict[tuple[str, str], list[Attempt]] = {}
        for attempt in comparison.in_order():
            groups.setdefault((attempt.strategy, attempt.budget), []).append(attempt)
        for (strategy, budget), attempts in groups.items():
            table.add_row(strategy, budget, *summary(attempts))
        return table


def summary(attempts: list[Attempt]) -> tuple[str, str, str, str]:
    """Runs, accuracy, interval and tokens of one strategy under one budget."""
    graded = [one for one in attempts if one.grade.correct is not None and one.counted]
    right = sum(bool(attempt.grade.correct) for attempt in graded)
    tokens = sum(attempt.attributed.tokens for attempt in attempts) / len(attempts)
    if not graded:
        return str(len(attempts)), "-", "-", f"{tokens:,.0f}"
    found = wilson(right, len(graded))
    telling = len({attempt.problem_id for attempt in graded}) >= FEWEST
    interval = f"{100 * found.low:.0f}-{100 * found.high:.0f}" if telling else "too few to say"
    return str(len(attempts)), f"{100 * found.value:.1f} %", interval, f"{tokens:,.0f}"


def dollars(usage: Usage) -> str:
    """Billed dollars; unknown stays unknown."""
    return "price unknown" if usage.dollars is None else f"${usage.dollars:.4f}"
