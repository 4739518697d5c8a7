"""`tts replay --repairs`: what the repair of their form is worth to recorded programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from tts.backends.replay import split_source
from tts.cli.exits import run
from tts.cli.figures import gap, percent_of, plain_table, sure
from tts.cli.screen import Screen, json_text, warn, write_out
from tts.cli.selections import SAYS_EVERY, rows_of
from tts.equivalence import Verdict
from tts.errors import UsageError
from tts.eval.kept import Kept, beside
from tts.eval.problems import load_problem_set
from tts.eval.programs import RepairReport, repair_report
from tts.verifiers.code import ProgramGrader, SharedSandbox
from tts.verifiers.sandbox import Sandbox


def show_repairs(
    files: Sequence[str],
    problems: str,
    *,
    kept: Path | None = None,
    ks: Sequence[int] = (),
    as_json: bool,
) -> None:
    """Grade recorded programs raw and repaired, of each task the first so many draws; verdicts are
    kept beside the file, or where `kept` says."""
    if len(files) != 1 or len(ks) > 1:
        raise UsageError(
            "--repairs goes with one file of recorded programs, and one number of --k."
        )
    if not problems:
        raise UsageError("--repairs needs --problems humaneval:FILE or mbpp:FILE to grade by.")
    report = run(_report(files[0], problems, kept, next(iter(ks), 0)))
    if as_json:
        write_out(json_text(report))
        return
    screen = Screen()
    screen.print(repairs_table(report))
    told = ", ".join(f"{name} {percent_of(share)}" for name, share in report.repairs.items())
    screen.print(Text(f"Repairs, in percent of the draws: {told or 'none'}."))


async def _report(source: str, problems: str, kept: Path | None, draws: int) -> RepairReport:
    asked = tuple(load_problem_set(problems).problems)
    rows = await rows_of(source)
    path, _ = split_source(source)
    known: Kept[Verdict] = Kept(kept or beside(path), Verdict)
    box = SharedSandbox(Sandbox)
    try:
        return await repair_report(rows, asked, ProgramGrader(box, known), _told, draws=draws)
    finally:
        await box.close()


def _told(done: int, of: int) -> None:
    if done % SAYS_EVERY == 0:
        warn(f"{done:,} of {of:,} programs graded", "dim")


def repairs_table(report: RepairReport) -> Table:
    """A row for each figure, raw and repaired, in percent."""
    rows = [
        (name, sure(forms.raw), sure(forms.repaired), gap(forms.gain))
        for name, forms in (
            ("compiles", report.compiles),
            ("right, a draw", report.right),
            ("right, any draw", report.any_right),
        )
    ]
    told = f"{report.tasks} tasks, up to {report.draws} draws each, in percent"
    return plain_table(told, ("", "raw", "repaired", "Δ"), rows, left=1)
