"""The lines of a plain or gzipped file, under limits that hold before anything is parsed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from tts.errors import BadInput

MAX_LINE_BYTES = 16 * 1024 * 1024
"""A longer line is refused unread."""
MAX_EXPANSION = 200
"""A gzip file may grow by this factor; text sets stay below 30."""
FREE_EXPANSION_BYTES = 64 * 1024 * 1024
"""Up to here any factor is accepted."""
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM = b"\xef\xbb\xbf"


class BadRow(ValueError):
    """One row is unusable; the message is the reason alone, the reader adds file and line."""


class _ByteLine(NamedTuple):
    """A line, counted from 1, with its line end; `data` is None where it was too long."""

    number: int
    data: bytes | None


def _byte_lines(path: Path, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[_ByteLine]:
    """The lines of a file, a UTF-8 byte-order mark taken off.

    Raises `BadInput` for a missing file, UTF-16, damaged gzip and a gzip bomb.
    """
    line, limit = 1, 0
    try:
        with _open(path) as stream:
            limit = max(FREE_EXPANSION_BYTES, MAX_EXPANSION * path.stat().st_size)
            for line, data in enumerate(_capped(stream, max_line_bytes, limit), start=1):
                yield _ByteLine(line, _without_mark(path, data) if line == 1 else data)
    except _Bomb as error:
        raise BadInput(f"{path}:{line}: expands beyond {limit} bytes, a gzip bomb.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"{path}:{line}: damaged gzip data ({error}).") from error
    except OSError as error:
        place = f"{path}:{line}" if limit else path
        raise BadInput(f"{place}: cannot be read ({error.strerror or error}).") from error


class _Bomb(ValueError):
    """More data than a file of that size can honestly hold."""


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        zipped = stream.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if zipped else path.open("rb")


def _capped(stream: BinaryIO, max_line_bytes: int, limit: int) -> Iterator[bytes | None]:
    while data := _part(stream, max_line_bytes + 2, limit):
        if len(data.rstrip(b"\r\n")) <= max_line_bytes:
            yield data
            continue
        yield None
        while data and not data.endswith(b"\n"):
            data = _part(stream, max_line_bytes, limit)


def _part(stream: BinaryIO, size: int, limit: int) -> bytes:
    data = stream.readline(size)
    if stream.tell() > limit:
        raise _Bomb
    return data


def _without_mark(path: Path, data: bytes | None) -> bytes | None:
    if data is None:
        return None
    if data[:2] in _UTF16 or b"\x00" in data[:4]:
        raise BadInput(f"{path}:1: UTF-16 or UTF-32 text; save the file as UTF-8.")
    return data.removeprefix(_UTF8_BOM)


def text_lines(
    path: Path, *, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, str | BadRow]]:
    """Line numbers (from 1) and lines with their ends; blank lines are passed on as they are."""
    for number, data in _byte_lines(path, max_line_bytes=max_line_bytes):
        if data is None:
            yield number, BadRow(f"longer than {max_line_bytes} bytes")
            continue
        try:
            yield number, data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield number, BadRow(f"not UTF-8 at byte {error.start} of the line")
