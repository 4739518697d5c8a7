"""`tts compare`, `tts eval`: the grid with live progress, the table and the report."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from rich.console import Console

from tts.cli.progress import Progress
from tts.errors import BadInput
from tts.eval.conduct import conduct
from tts.eval.recipe import Recipe, read_parts, recipe_of
from tts.eval.report import ComparisonReport, render_page, render_table, to_csv, to_json

INTERRUPTED = 130


def run_comparison(
    recipe: Path | None,
    options: dict[str, Any],
    *,
    ledger: str,
    job: str,
    out: Path,
    part: str = "",
) -> None:
    """Run, or go on; the parts of a recipe one after another, each into a folder of its name."""
    if part and not recipe:
        raise BadInput("--part chooses a part of a recipe, and no recipe is given.")
    parts = (
        read_parts(recipe, part, **options) if recipe else {"": recipe_of(options, where="Options")}
    )
    for name, chosen in parts.items():
        own = f"{job}-{name}" if job and name else job
        run_part(chosen, ledger=ledger, job=own, out=out / name)


def run_part(chosen: Recipe, *, ledger: str, job: str, out: Path) -> None:
    """One comparison; a first Ctrl-C ends with the partial report, a second one at once."""
    console = Console()
    make_folder(out)
    progress = Progress(console)
    report = asyncio.run(_interruptible(chosen.spec(), ledger, job, progress))
    console.print(render_table(report))
    for path in write_report(report, out):
        console.print(f"wrote {path}", markup=False, highlight=False)
    if progress.interrupted:
        sys.exit(INTERRUPTED)


async def _interruptible(spec: Any, ledger: str, job: str, progress: Progress) -> ComparisonReport:
    work = asyncio.ensure_future(conduct(spec, ledger=ledger, job=job, watch=progress.begin))
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        progress.interrupted = True
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    async with progress:
        return await work


def write_report(report: ComparisonReport, out: Path) -> list[Path]:
    """The page and its data, in a folder that is made where it is missing."""
    make_folder(out)
    contents = {
        "report.html": render_page(report),
        "report.json": to_json(report),
        "report.csv": to_csv(report),
    }
    paths = []
    for name, content in contents.items():
        data = content if isinstance(content, bytes) else content.encode()
        _write(out / name, data)
        paths.append(out / name)
    return paths


def make_folder(out: Path) -> None:
    """`BadInput` where the report could not be written; asked before anything is spent."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            """Only to see whether a file can be written here."""
    except OSError as error:
        raise BadInput(f"{out}: {error.strerror}. Choose another folder with --out.") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}. The ledger holds every finished run:"
            " make room or choose another --out, and run the same command again."
        ) from error
