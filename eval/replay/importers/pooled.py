"""Rows in the layout of a pool: what an import gives, and what a pool is written of."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.replay import SampleRow
from tts.backends.replay.row import Line
from tts.errors import BadInput

Record = dict[str, Any]
"""A row by the names of the layout, see docs/replay.md."""


class Pooled(Struct, frozen=True):
    """Rows, and what is missing from them, in sentences."""

    rows: list[Record]
    notes: tuple[str, ...] = ()
    places: Sequence[str] = ()
    """Where in the file each row stands: `:7` for a line; empty: they are counted."""


def plural(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def sample_rows(
    path: Path, records: Iterable[Record], places: Sequence[str] = ()
) -> Iterator[SampleRow]:
    """Records in the names of the layout as rows; `BadInput` names the first that is none."""
    drawn: dict[tuple[Any, Any], int] = defaultdict(int)
    for at, record in enumerate(records):
        key = record.get("model"), record.get("problem_id")
        try:
            yield msgspec.convert(record, Line).row(drawn[key], str)
        except (msgspec.ValidationError, ValueError) as error:
            place = places[at] if places else f": row {at + 1}"
            raise BadInput(f"{path}{place}: not a recorded sample: {error}.") from None
        drawn[key] += 1


def write_pool(target: Path, rows: Iterable[SampleRow]) -> int:
    """Write rows in the layout, unknown fields left out; returns their number.

    The file appears whole or not at all; one that exists stays, and is a `BadInput`.
    """
    if target.exists():
        raise BadInput(f"{target} exists already; name another file.")
    part, count = target.with_name(target.name + ".part"), 0
    opened = gzip.open if target.suffix == ".gz" else open
    try:
        with opened(part, "wb") as file:
            for row in rows:
                told = {n: v for n in row.__struct_fields__ if (v := getattr(row, n)) is not None}
                file.write(msgspec.json.encode(told) + b"\n")
                count += 1
        part.rename(target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return count
