"""`tts compare`, `tts eval`, `tts demo`: the grid with live progress, the table and the report."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from tts.cli.exits import FAILED, UNANSWERED, run_noting
from tts.cli.progress import Progress
from tts.cli.report import folder_of, make_folder, write_junit, write_report
from tts.cli.screen import Screen, complain, json_text, warn, write_out
from tts.engine.fewer_collections import steady_heap
from tts.errors import BadInput
from tts.eval.jobs import submissions
from tts.eval.problems.generated import is_generated
from tts.eval.recipe import Recipe, on_top, read_parts, recipe_of
from tts.eval.report import ComparisonReport, render_table
from tts.eval.report.axes import Cost, axis_of
from tts.eval.report.columns import columns_by
from tts.eval.run_comparison import run_comparison as run_grid
from tts.eval.spec import ComparisonSpec
from tts.ledger import Submission
from tts.ledger.watching import Watcher

STAND_IN = (
    "No --model is given: the embedded test model answers, which knows only small arithmetic. "
    "Name yours with --model backend:NAME."
)


def run_parts(
    parts: Mapping[str, Recipe],
    *,
    ledger: str,
    job: str,
    out: Path | None,
    retry_failed: bool = False,
    cost: str = "tokens",
    junit: Path | None = None,
    as_json: bool = False,
) -> None:
    """Run, or go on; the parts of a recipe one after another, each into a folder of its name
    (of its job, where no folder is given).

    Exits with 1 where a run has no answer for a reason of its own, and as the signal says after
    an interruption; every report that there is has been written by then.
    """
    steady_heap()
    axis, code, told = axis_of(cost).name, 0, list[Done]()
    wanted = submissions(parts, job=job, out=out)
    for asked, (name, chosen) in zip(wanted, parts.items(), strict=True):
        kept = junit and (junit.with_stem(f"{junit.stem}-{name}") if name else junit)
        how: dict[str, Any] = {"retry": retry_failed, "cost": axis, "junit": kept}
        done = work_at(asked, chosen.spec(), ledger=ledger, new=True, aside=as_json, **how)
        told.append(done)
        code = done.code or code
        if code > FAILED:
            break
    if as_json:
        write_out(json_text({one.job: one.plain() for one in told}))
    if code:
        sys.exit(code)


def recipes(
    recipe: Path | None,
    options: Mapping[str, Any],
    part: str = "",
    under: Mapping[str, Any] | None = None,
) -> dict[str, Recipe]:
    """The comparisons that a command asks for, by the names of their parts.

    Args:
        recipe: a file of keys.
        options: keys that go on top of it, as flags gave them.
        part: of a recipe with parts, this one.
        under: keys that hold where neither says anything, as a settings file gave them.
    """
    if part and not recipe:
        raise BadInput("--part chooses a part of a recipe, and no recipe is given.")
    if recipe:
        found = read_parts(recipe, part, under=under, **options)
    else:
        found = {"": recipe_of(on_top(under or {}, options))}
    if any(stands_in(one) for one in found.values()):
        warn(STAND_IN)
    return found


def stands_in(recipe: Recipe) -> bool:
    """Whether the embedded model answers somebody's own problems unasked."""
    own = not is_generated(recipe.problems)
    return own and "model" not in recipe.model_fields_set


class Done(Struct, frozen=True):
    """What came of working at a job."""

    job: str
    code: int
    """Exit code."""
    report: ComparisonReport
    files: tuple[Path, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON-able data: the report as in its own `report.json`."""
        files = [str(path) for path in self.files]
        return {"exit_code": self.code, "files": files, "report": self.report}


def work_at(
    job: Submission,
    spec: ComparisonSpec,
    *,
    ledger: str,
    new: bool = False,
    retry: bool = False,
    cost: Cost = "tokens",
    junit: Path | None = None,
    aside: bool = False,
    watched_by: Sequence[Watcher] = (),
) -> Done:
    """Work at a job until nothing of it is left, and write its report.

    A first Ctrl-C ends it with the partial report. `new`: it is submitted with this. `aside`:
    what is shown goes to standard error.
    """
    console, out = Screen(stderr=aside), Path(job.out) if job.out else None
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
        console.print(f"wrote {path}", soft_wrap=True)
    if report.fault:
        complain(report.fault)
    return Done(job.job, code or exit_code(report), report, tuple(written))


Work = Callable[..., Awaitable[ComparisonReport]]


async def _watched(work: Work, progress: Progress) -> ComparisonReport:
    async with progress:
        return await work(watch=progress.begin)


def exit_code(report: ComparisonReport) -> int:
    """1 where something stands between a run and its answer: a failure, the wallet, an outage."""
    ends = {end for row in report.rows for end, count in row.stopped_by.items() if count}
    return FAILED if report.fault or ends & UNANSWERED else 0
