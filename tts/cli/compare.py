"""`tts compare`, `tts eval`: the grid with live progress, the table and the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tts.cli.exits import FAILED, run_noting
from tts.cli.progress import Progress
from tts.cli.report import folder_of, make_folder, write_report
from tts.cli.screen import Screen, complain, warn
from tts.engine.fewer_collections import steady_heap
from tts.errors import BadInput
from tts.eval.comparison import job_name
from tts.eval.recipe import Recipe, read_parts, recipe_of
from tts.eval.report import ComparisonReport, render_table
from tts.eval.run_comparison import run_comparison as run_grid
from tts.eval.spec import ComparisonSpec

UNANSWERED = frozenset({"failed", "suspended", "outage"})
"""Ends of runs that leave a question without an answer for a reason of their own."""


def run_comparison(
    recipe: Path | None,
    options: dict[str, Any],
    *,
    ledger: str,
    job: str,
    out: Path | None,
    part: str = "",
    retry_failed: bool = False,
) -> None:
    """Run, or go on; the parts of a recipe one after another, each into a folder of its name
    (of its job, where no folder is given).

    Exits with 1 where a run has no answer for a reason of its own, and as the signal says after
    an interruption; every report that there is has been written by then.
    """
    steady_heap()
    parts = recipes(recipe, options, part)
    code = 0
    for name, chosen in parts.items():
        own = f"{job}-{name}" if job and name else job
        place = {"ledger": ledger, "job": own}
        code = run_part(chosen, **place, out=out and out / name, retry_failed=retry_failed) or code
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


STAND_IN = (
    "No --model is given: the embedded test model answers, which knows only small arithmetic. "
    "Name yours with --model backend:NAME."
)


def stands_in(recipe: Recipe) -> bool:
    """Whether the embedded model answers somebody's own problems unasked."""
    own = not recipe.problems.startswith("arithmetic:")
    return own and "model" not in recipe.model_fields_set


def run_part(
    chosen: Recipe, *, ledger: str, job: str, out: Path | None, retry_failed: bool = False
) -> int:
    """One comparison and its exit code; a first Ctrl-C ends it with the partial report."""
    console, spec = Screen(), chosen.spec()
    job = job or job_name(spec)
    make_folder(folder_of(out, job))
    watched = _watched(spec, ledger, job, Progress(console), retry_failed)
    report, code = run_noting(watched)
    console.print(render_table(report))
    for path in write_report(report, out, job):
        console.print(f"wrote {path}")
    if report.fault:
        complain(report.fault)
    return code or exit_code(report)


async def _watched(
    spec: ComparisonSpec, ledger: str, job: str, progress: Progress, retry_failed: bool
) -> ComparisonReport:
    async with progress:
        return await run_grid(
            spec, ledger=ledger, job=job, watch=progress.begin, retry_failed=retry_failed
        )


def exit_code(report: ComparisonReport) -> int:
    """1 where something stands between a run and its answer: a failure, the wallet, an outage."""
    ends = {end for row in report.rows for end, count in row.stopped_by.items() if count}
    return FAILED if report.fault or ends & UNANSWERED else 0
