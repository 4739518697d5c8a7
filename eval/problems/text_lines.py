"""Decoded lines, or the reason why one has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tts.eval.problems.bad_row import BadRow
from tts.eval.problems.byte_lines import MAX_LINE_BYTES, byte_lines


def text_lines(
    path: Path, *, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, str | BadRow]]:
    """Line numbers (from 1) and lines with their ends; blank lines are passed on as they are."""
    for number, data in byte_lines(path, max_line_bytes=max_line_bytes):
        if data is None:
            yield number, BadRow(f"longer than {max_line_bytes} bytes")
            continue
        try:
            yield number, data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield number, BadRow(f"not UTF-8 at byte {error.start} of the line")
