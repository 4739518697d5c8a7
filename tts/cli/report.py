"""`tts report`, `tts results`, and where reports lie: a folder per job, and the latest of them."""

from __future__ import annotations

import os
import re
import shutil
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile

import msgspec
from msgspec import Struct

from tts.cli.exits import run
from tts.cli.screen import Screen
from tts.engine.fewer_collections import fewer_collections
from tts.errors import BadInput, UsageError
from tts.eval.recorded import read, recorded_report
from tts.eval.report import ComparisonReport, render_page, render_table, to_csv, to_json
from tts.eval.report.axes import Cost, axis_of
from tts.eval.report.columns import columns_by
from tts.eval.report.junit import to_junit
from tts.eval.report.markdown import read_reports, results_page
from tts.eval.report.page import figures_of
from tts.eval.report.tables import write_parquet
from tts.eval.selected import with_selected
from tts.pages.standalone import standalone, write_pngs

DEFAULT, LATEST = Path("out"), "latest"
"""Where reports go unless the user says otherwise, and the name of the newest one there."""
DATA = "report.json"


def show_report(
    place: str,
    job: str,
    out: Path | None,
    cost: str = "tokens",
    runtimes: Path | None = None,
    *,
    figures: Path | None = None,
    parquet: Path | None = None,
) -> None:
    """What a ledger holds of a job, as its table and its page; no model is opened. `figures` and
    `parquet` name folders for all figures and all tables."""
    axis = axis_of(cost).name
    fewer_collections()
    name, report = run(_recorded(place, job, runtimes))
    console = Screen()
    console.print(render_table(report, columns=columns_by(axis)))
    for path in write_report(report, out, name, axis):
        console.print(f"wrote {path}")
    if parquet is not None:
        make_folder(parquet, "--parquet")
        for path in write_parquet(report, parquet):
            console.print(f"wrote {path}")
    if figures is not None:
        make_folder(figures, "--figures")
        for path in write_svgs(report, figures):
            console.print(f"wrote {path}")
        try:
            run(
                write_pngs(
                    {p.with_suffix(".png"): p.read_text("utf-8") for p in figures.glob("*.svg")}
                )
            )
        except UsageError as error:
            console.print(str(error))


def write_svgs(report: ComparisonReport, folder: Path) -> list[Path]:
    """Every figure of the page, drawn wide, by its name."""
    written = {folder / f"{name}.svg": standalone(one) for name, one in figures_of(report).items()}
    for path, text in written.items():
        _write(path, text.encode())
    return list(written)


async def _recorded(place: str, job: str, runtimes: Path | None) -> tuple[str, ComparisonReport]:
    name, report = await recorded_report(place, job, runtimes=runtimes)
    return name, await with_selected(report, read(place, name).problems, place, name)


def show_results(folder: Path, markdown: Path | None, cost: str = "tokens") -> None:
    """Write the page, or show it."""
    page = results_page(read_reports(folder), cost=axis_of(cost).name)
    console = Screen()
    if markdown is None:
        console.print(page, soft_wrap=True)
        return
    markdown.parent.mkdir(parents=True, exist_ok=True)
    markdown.write_text(page, encoding="utf-8")
    console.print(f"wrote {markdown}")


def folder_of(out: Path | None, job: str) -> Path:
    """Where the report of a job goes: `out/JOB`, or the folder that the user names; inside it,
    where it holds the report of another job, which stays."""
    if out is None:
        return DEFAULT / file_name(job)
    return out if reported(out) in ("", job) else out / file_name(job)


def file_name(job: str) -> str:
    """The name of a job as that of a folder; names that are none get a digest, to stay apart."""
    plain = re.sub(r"[^\w.-]", "_", job).lstrip(".")[:100]
    if plain and plain == job != LATEST:
        return job
    return f"{plain or 'job'}-{blake2b(job.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


class _Head(Struct):
    manifest: tuple[tuple[str, str], ...] = ()


def reported(folder: Path) -> str:
    """The job whose report lies in a folder; empty where none does, or none that can be read."""
    try:
        head = msgspec.json.decode((folder / DATA).read_bytes(), type=_Head)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return dict(head.manifest).get("job", "")


def write_report(
    report: ComparisonReport, out: Path | None, job: str, cost: Cost = "tokens"
) -> list[Path]:
    """The page and its data, each whole or not at all, in a folder that is made if missing."""
    folder = folder_of(out, job)
    make_folder(folder)
    texts = {
        DATA: to_json(report),
        "report.html": render_page(report, cost=cost),
        "report.csv": to_csv(report),
    }
    for name, text in texts.items():
        _write(folder / name, text.encode())
    if out is None:
        _point(folder, list(texts))
    return [folder / name for name in sorted(texts)]


def write_junit(report: ComparisonReport, path: Path) -> Path:
    """The report's runs for a build server, in a folder that is made if missing."""
    make_folder(path.parent)
    _write(path, to_junit(report))
    return path


def make_folder(out: Path, flag: str = "--out") -> None:
    """`BadInput` where the report could not be written; asked before anything is spent."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            """Only to see whether a file can be written here."""
    except OSError as error:
        raise BadInput(f"{out}: {error.strerror}. Choose another folder with {flag}.") from error


def _write(path: Path, data: bytes) -> None:
    """Beside its place first, so that no reader and no second process sees half of it."""
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            beside = Path(file.name)
            file.write(data)
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}. The ledger holds every finished run:"
            " make room or choose another --out, and run the same command again."
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _point(folder: Path, names: list[str]) -> None:
    """`out/latest`: a link to the newest report, a copy of it where links cannot be made."""
    latest, beside = folder.parent / LATEST, folder.parent / f".{LATEST}-{os.getpid()}"
    try:
        if latest.is_dir() and not latest.is_symlink():
            raise OSError("It is a folder of copies.")
        beside.symlink_to(folder.name)
        beside.replace(latest)
    except OSError:
        latest.mkdir(exist_ok=True)
        for name in names:
            shutil.copyfile(folder / name, latest / name)
