"""The rows of a report for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import to_builtins

from tts.eval.report.columns import COLUMNS, LABELS, Column, Shown, table_of
from tts.eval.report.comparison_report import ComparisonReport
from tts.ledger import spreadsheet_safe


def to_json(report: ComparisonReport) -> str:
    """The whole report; what is unknown is null. ASCII, so that any text survives."""
    return json.dumps(to_builtins(report), indent=1, allow_nan=False)


def to_csv(report: ComparisonReport, *, columns: Sequence[Column] = COLUMNS) -> str:
    """One line per row under a header; what is unknown is an empty cell.

    A column with an interval is three: the value, `_low` and `_high`. Labels that a spreadsheet
    would run as a formula are quoted with an apostrophe.
    """
    table = table_of(report.rows, "csv", columns=columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = (name for column in table.columns for name in _names(column))
    writer.writerow([*LABELS, *names])
    for row, cells in table.lines:
        values = (row.strategy, row.budget, *(value for cell in cells for value in _values(cell)))
        writer.writerow("" if value is None else spreadsheet_safe(value) for value in values)
    return text.getvalue()


def _names(column: Column) -> Iterator[str]:
    yield column.name
    if column.interval:
        yield f"{column.name}_low"
        yield f"{column.name}_high"


def _values(cell: Shown) -> Iterator[Any]:
    yield cell.value
    if cell.column.interval:
        yield cell.interval.low if cell.interval else None
        yield cell.interval.high if cell.interval else None
