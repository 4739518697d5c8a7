"""A ledger whole into another database: every row, and then counted and summed on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Table,
    case,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from tts.errors import LedgerError, UsageError
from tts.ledger.connect import connect, explained, unreadable
from tts.ledger.holders import leased, living, reconcile
from tts.ledger.process import parted
from tts.ledger.schema import current, migrate, place_of
from tts.ledger.session import transaction
from tts.ledger.tables import JOBS, METADATA

CHUNK = 1000
"""Rows that are held at once."""
CLOSE = 1e-9
"""Relative difference of two sums of floating-point numbers that were added in another order."""

SNAPSHOT = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
"""Begins to read what stands there at one moment; it ends with the connection."""

Sums = Mapping[str, tuple[float, ...]]
"""By column: values that are there, and their sum or length in parts that fit a machine word."""


def copy_ledger(source: str | Path, target: str | Path) -> dict[str, int]:
    """Rows per table that were copied. All of them or none: the target is one transaction.

    Raises `UsageError` where the target holds jobs already, or the source is being written to;
    `LedgerError` where the two differ afterwards.
    """
    old = current(connect(source, create=False))
    new = connect(target)
    try:
        migrate(new)
        with old.connect() as reading, new.connect() as writing:
            _refuse(reading, writing, str(source), str(target))
            reading.exec_driver_sql(SNAPSHOT[reading.dialect.name])
            with transaction(writing, lock="schema"):
                copied = {
                    table.name: _copy(reading, writing, table) for table in METADATA.sorted_tables
                }
                _compare(reading, writing)
                for job in leased(writing):
                    reconcile(writing, job)
        return copied
    except SQLAlchemyError as error:
        raise explained(error, place_of(new)) from error
    finally:
        old.dispose()
        new.dispose()


def _refuse(reading: Connection, writing: Connection, source: str, target: str) -> None:
    held = writing.execute(select(func.count()).select_from(JOBS)).scalar_one()
    if held:
        raise UsageError(f"{target} holds jobs already ({held}): copy into a new ledger.")
    try:
        busy = [job for job in leased(reading) if living(reading, job)]
    except SQLAlchemyError as error:
        raise unreadable(error, source) from error
    if busy:
        raise UsageError(f"{source} is being written to (job {busy[0]!r}): let that end first.")


def _copy(reading: Connection, writing: Connection, table: Table) -> int:
    count = 0
    for rows in _chunks(reading, table):
        writing.execute(insert(table), rows)
        count += len(rows)
    return count


def _chunks(reading: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    found = reading.execution_options(yield_per=CHUNK).execute(select(table))
    for part in found.mappings().partitions(CHUNK):
        yield [dict(row) for row in part]


def _compare(reading: Connection, writing: Connection) -> None:
    for table in METADATA.sorted_tables:
        before, after = sums_of(reading, table), sums_of(writing, table)
        wrong = [name for name in before if not _same(before[name], after[name])]
        if wrong:
            raise LedgerError(
                f"Table {table.name} differs after it was copied, in {', '.join(wrong)}: "
                "nothing was kept."
            )


def sums_of(connection: Connection, table: Table) -> Sums:
    """How many values each column has, and what they sum to."""
    columns = list(table.columns)
    parts = [part for column in columns for part in _summed(column)]
    found = [float(value or 0) for value in connection.execute(select(*parts)).one()]
    return {column.name: tuple(found[3 * at : 3 * at + 3]) for at, column in enumerate(columns)}


def _summed(column: Column[Any]) -> list[ColumnElement[Any]]:
    """Three aggregates: of whole numbers their exact sum in parts, of a text its length."""
    if isinstance(column.type, Integer):
        return parted(column)
    count = func.count(column)
    if isinstance(column.type, Double):
        return [func.sum(column), count, count]
    if isinstance(column.type, Boolean):
        return [func.sum(case((column, 1), else_=0)), count, count]
    return [func.sum(func.length(column)), count, count]


def _same(before: tuple[float, ...], after: tuple[float, ...]) -> bool:
    pairs = zip(before, after, strict=True)
    return all(abs(a - b) <= CLOSE * max(abs(a), abs(b)) for a, b in pairs)
