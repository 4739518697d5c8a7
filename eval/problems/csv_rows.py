"""Rows of a CSV file with a header line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts.errors import BadInput
from tts.eval.problems.bad_row import BadRow
from tts.eval.problems.byte_lines import MAX_LINE_BYTES
from tts.eval.problems.text_lines import text_lines


def csv_rows(
    path: Path, *, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """The last line number (from 1) of each record, and its cells by the header's names.

    A line that cannot be decoded breaks the record structure, so it always raises `BadInput`.
    """
    csv.field_size_limit(max_line_bytes)
    reader = csv.reader(_lines(path, max_line_bytes), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            return
        names = _names(path, header)
        for cells in reader:
            if cells:
                yield reader.line_num, _row(names, cells)
    except csv.Error as error:
        raise BadInput(f"{path}:{reader.line_num}: not CSV: {error}.") from error


def _lines(path: Path, max_line_bytes: int) -> Iterator[str]:
    for number, line in text_lines(path, max_line_bytes=max_line_bytes):
        if isinstance(line, BadRow):
            raise BadInput(f"{path}:{number}: {line}.")
        yield line


def _names(path: Path, header: list[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or "" in names:
        problem = f"the column {repeated[0]!r} twice" if repeated else "a column without a name"
        raise BadInput(f"{path}:1: the header has {problem}.")
    return names


def _row(names: list[str], cells: list[str]) -> dict[str, Any] | BadRow:
    if len(cells) != len(names):
        return BadRow(f"{len(cells)} cells where the header has {len(names)}")
    return dict(zip(names, cells, strict=True))
