"""Reports as Markdown: for documents that are kept under version control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from tts.errors import BadInput
from tts.eval.report.axes import Cost
from tts.eval.report.column import Column
from tts.eval.report.columns import (
    COLUMNS,
    LABELS,
    Shown,
    Table,
    axis_columns,
    bin_columns,
    columns_by,
    filled,
    table_of,
)
from tts.eval.report.comparison_report import ComparisonReport
from tts.eval.report.rows import Row
from tts.eval.report.verdicts import HEADS, verdicts_of
from tts.values.visible import visible

LATEST = "latest"
"""The folder that repeats the newest report."""

HEAD = """# Results

Made by `tts results` from finished comparisons; not edited by hand. Tokens are attributed: prompt
and completion of everything that a run called, verifiers included; fresh are those that the run had
not computed before. Intervals are of 95 %. Δ at equal spend is to the baseline at the mean spend of
the row: on the line through the baseline's own rows, linear in the logarithm of the spend, never
beyond them. Unspent is what a mean run left of its budget.
"""


def to_markdown(
    report: ComparisonReport, *, level: int = 2, columns: Sequence[Column] = COLUMNS
) -> str:
    """Heading, table, accuracy by difficulty bin, what is decided, and warnings.

    Δ is paired, over problems that both were graded on; `detectable` is the least true difference
    that so many problems show with a power of 80 %. `level` is that of the heading.
    """
    parts = [
        f"{'#' * level} {_cell(report.title)}",
        "\n".join(f"{_cell(name)}: {_cell(text)}  " for name, text in report.manifest),
        f"**{_cell(report.partial, 400)}**" if report.partial else "",
        _table(table_of(report.rows, "markdown", columns=columns)),
        _by_axis(report.rows),
        _bins(report.rows),
        _decided(report),
        "\n".join(f"> {_cell(one, 400)}\n>" for one in (*report.notes, *report.warnings)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _decided(report: ComparisonReport) -> str:
    """One block: a sentence, and a line for each difference; reports from before say it in their
    own sentences."""
    found = verdicts_of(report.rows)
    if not found.lines:
        return "\n".join(f"- {_cell(one, 400)}" for one in report.verdicts)
    lines = [
        (one.row.strategy, one.row.budget, one.said, one.shows, one.would_do) for one in found.lines
    ]
    return f"What is decided, against {_cell(found.baseline)}: {found.told}\n\n" + _lines(
        [*LABELS, *HEADS], lines
    )


def _by_axis(rows: Sequence[Row]) -> str:
    """Δ at equal spend on every axis, of the rows that have one."""
    compared = [row for row in rows if any(one.estimate for one in row.at_spend.values())]
    axes = axis_columns(compared)
    if len(axes) < 2:
        return ""
    return f"Δ at equal spend, by what is counted:\n\n{_table(filled(compared, axes))}"


def _bins(rows: Sequence[Row]) -> str:
    """Accuracy per difficulty bin, where there is more than one."""
    bins = bin_columns(rows)
    return _table(filled(rows, bins)) if len(bins) > 1 else ""


def _table(table: Table) -> str:
    names = [*LABELS, *map(_title, table.columns)]
    lines = [(row.strategy, row.budget, *map(_figure, cells)) for row, cells in table.lines]
    return _lines(names, lines)


def _lines(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]
    rule = "|" + "|".join(" --- " for _ in names) + "|"
    return "\n".join(["| " + " | ".join(names) + " |", rule, *rows])


def _title(column: Column) -> str:
    return f"{column.title} (95 %)" if column.interval else column.title


def _figure(cell: Shown) -> str:
    both = cell.text and cell.bounds
    return f"{cell.text} ({cell.bounds})" if both else cell.text or cell.bounds


def _cell(text: str, limit: int = 200) -> str:
    """Text that neither ends a cell or a line nor is read as HTML."""
    flat = " ".join(visible(text, limit).split())
    for mark, safe in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("`", "\\`")):
        flat = flat.replace(mark, safe)
    return flat


def read_reports(folder: Path) -> dict[str, ComparisonReport]:
    """The reports under a folder by where they lie, in order of title; `BadInput` without any."""
    found_at = sorted(folder.rglob("report.json"))
    paths = [path for path in found_at if LATEST not in path.relative_to(folder).parts[:-1]]
    if not paths:
        raise BadInput(f"{folder} holds no report.json: run `tts compare … --out {folder}` first.")
    found = {str(path.parent.relative_to(folder)): _report(path) for path in paths}
    return dict(sorted(found.items(), key=lambda pair: pair[1].title))


def results_page(reports: Mapping[str, ComparisonReport], *, cost: Cost = "tokens") -> str:
    """One Markdown page, a section per comparison; rows are set against each other by this cost."""
    columns = columns_by(cost)
    sections = (to_markdown(report, columns=columns) for report in reports.values())
    return "\n".join([HEAD, *sections])


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
