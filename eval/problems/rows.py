"""The rows of a JSON Lines, JSON or CSV file, or the reason why one cannot be read."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts.errors import BadInput
from tts.eval.problems.lines import MAX_LINE_BYTES, BadRow, text_lines

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
MAX_DEPTH = 64
"""Deeper nesting is refused: no problem set needs it."""
MAX_ARRAY_BYTES = 256 * 1024 * 1024
"""An array is read as a whole, and at times stands on one line."""
_LENIENT = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
"""Finds where a value ends, whatever numbers it holds."""
_BETWEEN = re.compile(r"[ \t\n\r]*([,\]]?)[ \t\n\r]*")


def json_rows(
    path: Path, *, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """Line numbers (from 1) and objects, or why a line holds none; blank lines are passed over."""
    for number, line in text_lines(path, max_line_bytes=max_line_bytes):
        if isinstance(line, BadRow):
            yield number, line
        elif line.strip():
            yield number, _object(line)


def array_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """The objects of a JSON array with the lines (from 1) on which they begin, as `json_rows`.

    A file that begins otherwise is read as JSON Lines, which often bear the same name. Raises
    `BadInput` where it cannot be told where an element ends.
    """
    text = _whole(path)
    if not text.lstrip().startswith("["):
        yield from json_rows(path)
        return
    line, counted = 1, 0
    at, ended = _between(path, text, text.index("[") + 1, first=True)
    while not ended:
        line, counted = line + text.count("\n", counted, at), at
        end = _end(path, text, at, line)
        yield line, _object(text[at:end])
        at, ended = _between(path, text, end)


def _whole(path: Path) -> str:
    """The text of a file; `BadInput` where a part of it cannot be read."""
    parts, size = list[str](), 0
    for number, line in text_lines(path, max_line_bytes=MAX_ARRAY_BYTES):
        size += len(line) if isinstance(line, str) else 0
        if isinstance(line, BadRow) or size > MAX_ARRAY_BYTES:
            reason = line if isinstance(line, BadRow) else f"longer than {MAX_ARRAY_BYTES} bytes"
            raise BadInput(f"{path}:{number}: {reason}; save the set as JSON Lines.")
        parts.append(line)
    return "".join(parts)


def _between(path: Path, text: str, at: int, *, first: bool = False) -> tuple[int, bool]:
    """Where the next element begins, and whether the array ended instead."""
    found = _BETWEEN.match(text, at)
    mark, after = (found[1], found.end()) if found else ("", at)
    if (mark == "," and not first) or (first and not mark and after < len(text)):
        return after, False
    if mark == "]" and after == len(text):
        return after, True
    line = text.count("\n", 0, after) + 1
    raise BadInput(f"{path}:{line}: not JSON: a JSON array of objects with commas is needed.")


def _end(path: Path, text: str, at: int, line: int) -> int:
    """Where the element at `at`, on `line`, ends."""
    try:
        return int(_LENIENT.raw_decode(text, at)[1])
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path}:{error.lineno}: not JSON: {error.msg} at column {error.colno}."
        ) from error
    except RecursionError as error:
        raise BadInput(f"{path}:{line}: nested deeper than {MAX_DEPTH} levels.") from error


def _object(line: str) -> dict[str, Any] | BadRow:
    try:
        value = json.loads(line, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        return BadRow(f"not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return BadRow(f"nested deeper than {MAX_DEPTH} levels")
    except ValueError as error:
        return BadRow(str(error))
    if not isinstance(value, dict):
        return BadRow(f"a JSON object is needed, not {type(value).__name__}")
    if not _shallow(value):
        return BadRow(f"nested deeper than {MAX_DEPTH} levels")
    if half := _HALF.search(line) and _half(value):
        return BadRow(f"holds half a character, the lone surrogate {half}: save the set as UTF-8")
    return value


def _half(value: dict[str, Any]) -> str:
    """A surrogate without its other half, as it is written in JSON; empty where there is none."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"\\u{ord(error.object[error.start]):04x}"
    return ""


def _refuse(constant: str) -> Any:
    raise BadRow(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadRow(f"the number {text[:40]} is out of range")
    return value


def _shallow(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_DEPTH):
        layer = [child for parent in layer for child in _children(parent)]
        if not layer:
            return True
    return False


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


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
