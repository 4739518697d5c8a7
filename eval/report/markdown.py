"""Reports as Markdown: for documents that are kept under version control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from tts.errors import BadInput
from tts.eval.report import wording
from tts.eval.report.comparison_report import ComparisonReport
from tts.eval.report.rows import Row
from tts.eval.statistics import detectable_difference
from tts.values.visible import visible

COLUMNS = (
    "strategy",
    "budget",
    "n",
    "accuracy % (95 %)",
    "tokens/run",
    "tokens ÷ baseline",
    "Δ points (95 %)",
    "p (Holm)",
    "detectable",
)


def to_markdown(report: ComparisonReport, *, level: int = 2) -> str:
    """Heading, table, accuracy by difficulty bin, verdicts and warnings.

    Δ is paired, over problems that both were graded on; `detectable` is the least true difference
    that so many problems show with a power of 80 %. `level` is that of the heading.
    """
    by_label = {row.label: row for row in report.rows}
    lines = [_table_row(row, by_label.get(row.against or "")) for row in report.rows]
    parts = [
        f"{'#' * level} {_cell(report.title)}",
        "\n".join(f"{_cell(name)}: {_cell(text)}  " for name, text in report.manifest),
        f"**{_cell(report.partial, 400)}**" if report.partial else "",
        _table(COLUMNS, lines),
        _bins(report.rows),
        "\n".join(f"- {_cell(one, 400)}" for one in report.verdicts),
        "\n".join(f"> {_cell(one, 400)}\n>" for one in (*report.notes, *report.warnings)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table_row(row: Row, base: Row | None) -> list[str]:
    found, difference = row.accuracy, row.difference
    ratio = row.tokens_per_run / base.tokens_per_run if base and base.tokens_per_run else None
    return [
        row.strategy,
        row.budget,
        str(row.n),
        f"{wording.percent(found.value)} ({wording.sure(found, row.n)})" if found else "",
        wording.count(row.tokens_per_run),
        "" if ratio is None else f"{ratio:.2f}",
        _gap(row),
        wording.chance(row.p_holm) if difference else "",
        _detectable(row),
    ]


def _gap(row: Row) -> str:
    if row.difference is None:
        return "" if row.against is None else wording.TOO_FEW
    estimate = row.difference.estimate
    return f"{wording.gap(estimate)} ({wording.gap_interval(estimate)})"


def _detectable(row: Row) -> str:
    difference = row.difference
    if difference is None or difference.n < 1 or not difference.deviation:
        return ""
    return f"{100 * detectable_difference(difference.n, difference.deviation):.1f}"


def _bins(rows: Sequence[Row]) -> str:
    """Accuracy per difficulty bin, where there is more than one."""
    places = sorted({one.bin for row in rows for one in row.bins})
    if len(places) < 2:
        return ""
    lines = []
    for row in rows:
        found = {one.bin: wording.percent(one.accuracy.value) for one in row.bins}
        lines.append([row.strategy, row.budget, *(found.get(place, "") for place in places)])
    return _table(("strategy", "budget", *(f"bin {place}" for place in places)), lines)


def _table(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]
    rule = "|" + "|".join(" --- " for _ in names) + "|"
    return "\n".join(["| " + " | ".join(names) + " |", rule, *rows])


def _cell(text: str, limit: int = 200) -> str:
    """Text that neither ends a cell or a line nor is read as HTML."""
    flat = " ".join(visible(text, limit).split())
    for mark, safe in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("`", "\\`")):
        flat = flat.replace(mark, safe)
    return flat


LATEST = "latest"
"""The folder that repeats the newest report."""

HEAD = """# Results

Made by `tts results` from finished comparisons; not edited by hand. Tokens are attributed: prompt
and completion of everything that a run called, verifiers included. Intervals are of 95 %.
"""


def read_reports(folder: Path) -> dict[str, ComparisonReport]:
    """The reports under a folder by where they lie, in order of title; `BadInput` without any."""
    found_at = sorted(folder.rglob("report.json"))
    paths = [path for path in found_at if LATEST not in path.relative_to(folder).parts[:-1]]
    if not paths:
        raise BadInput(f"{folder} holds no report.json: run `tts compare … --out {folder}` first.")
    found = {str(path.parent.relative_to(folder)): _report(path) for path in paths}
    return dict(sorted(found.items(), key=lambda pair: pair[1].title))


def results_page(reports: Mapping[str, ComparisonReport]) -> str:
    """One Markdown page, a section per comparison."""
    return "\n".join([HEAD, *(to_markdown(report) for report in reports.values())])


def _report(path: Path) -> ComparisonReport:
    again = "write it again with the command that made it, or take it away"
    try:
        return msgspec.json.decode(path.read_bytes(), type=ComparisonReport)
    except msgspec.ValidationError as error:
        raise BadInput(f"{path} is no report of this version: {error}; {again}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path} is broken ({error}); {again}.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
