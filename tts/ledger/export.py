"""A ledger's tables as files."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Boolean, Column, Double, Table, Text, select
from sqlalchemy.exc import DBAPIError

from tts.errors import BadInput, UnknownName, UsageError
from tts.ledger.connect import connect, unreadable
from tts.ledger.record import candidate_lines
from tts.ledger.schema import current
from tts.ledger.tables import (
    ATTEMPTS,
    CALLS,
    JOBS,
    OUTCOMES,
    RATE_WINDOWS,
    RUNS,
    TEXTS,
    USES,
    VIEWS,
    words,
)

Format = Literal["csv", "jsonl", "parquet"]
CANDIDATES = Table(
    "candidates",
    VIEWS,
    *words("job", "run_id", "key", "parent_key"),
    Column("final", Boolean),
    Column("answer", Text),
    Column("value", Double),
    *words("steps"),
)
"""No table of the database: the candidates stand in the results of the runs."""

EXPORTED: Mapping[str, Table] = {
    table.name: table
    for table in (JOBS, RUNS, TEXTS, CALLS, ATTEMPTS, USES, OUTCOMES, CANDIDATES, RATE_WINDOWS)
}
CHUNK = 2000
"""Rows that are held at once."""

Chunks = Iterator[list[dict[str, Any]]]


def export(
    place: str | Path, target: Path, *, table: str, form: Format, job: str | None = None
) -> int:
    """Write one table, or one job's part of it, to a file; returns the number of rows.

    Raises `UnknownName`, `UsageError` where pyarrow is missing, `LedgerError`.
    """
    if table not in EXPORTED:
        raise UnknownName("table", table, EXPORTED)
    if form not in WRITERS:
        raise UnknownName("format", form, WRITERS)
    source = EXPORTED[table]
    try:
        return WRITERS[form](target, source, chunks(place, source, job))
    except DBAPIError as error:
        raise unreadable(error) from error
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from error


def chunks(place: str | Path, table: Table, job: str | None) -> Chunks:
    source = RUNS if table is CANDIDATES else table
    query = select(source).order_by(*source.primary_key)
    if job is not None and "job" in source.c:
        query = query.where(source.c.job == job)
    engine = current(connect(place, create=False))
    read = candidates_of if table is CANDIDATES else readable
    try:
        with engine.connect() as connection:
            # One snapshot for the whole table; server-side cursors need a transaction.
            connection.exec_driver_sql("BEGIN")
            rows = connection.execution_options(stream_results=True).execute(query).mappings()
            for part in rows.partitions(CHUNK):
                yield [line for row in part for line in read(dict(row))]
    finally:
        engine.dispose()


def readable(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bytes are JSON or text in UTF-8."""
    return [
        {
            name: bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else value
            for name, value in row.items()
        }
    ]


def candidates_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The candidates of a run, with their scores."""
    if row["result"] is None:
        return []
    return [
        {
            "job": row["job"],
            "run_id": row["run_id"],
            "key": candidate.key,
            "parent_key": candidate.parent_key,
            "final": candidate.final,
            "answer": candidate.answer,
            "value": candidate.score.value if candidate.score else None,
            "steps": list(candidate.score.steps) if candidate.score else [],
        }
        for candidate in candidate_lines(bytes(row["result"]))
    ]


FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that a spreadsheet may run: past blanks, and with full-width signs as well."""


def spreadsheet_safe(value: Any) -> Any:
    """A cell for CSV: text that a spreadsheet would run as a formula gets an apostrophe before it,
    which makes it text there. Numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def write_csv(target: Path, table: Table, parts: Chunks) -> int:
    count = 0
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in table.c])
        writer.writeheader()
        for part in parts:
            writer.writerows(
                {name: spreadsheet_safe(value) for name, value in row.items()} for row in part
            )
            count += len(part)
    return count


def write_jsonl(target: Path, _table: Table, parts: Chunks) -> int:
    count = 0
    with target.open("wb") as file:
        for part in parts:
            file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in part))
            count += len(part)
    return count


def write_parquet(target: Path, table: Table, parts: Chunks) -> int:
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'tts-engine[parquet]'.") from error
    kinds = {bool: pyarrow.bool_(), int: pyarrow.int64(), float: pyarrow.float64()}
    fields = [(c.name, kinds.get(c.type.python_type, pyarrow.string())) for c in table.c]
    schema, count = pyarrow.schema(fields), 0
    with parquet.ParquetWriter(target, schema) as writer:
        for part in parts:
            writer.write_table(pyarrow.Table.from_pylist(part, schema=schema))
            count += len(part)
    return count


WRITERS: Mapping[str, Callable[[Path, Table, Chunks], int]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}
