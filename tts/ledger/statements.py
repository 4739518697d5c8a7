"""The SQL of the writer, derived once from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Table
from sqlalchemy.engine import Dialect

from tts.ledger.codec import COLUMNS, Target, Values
from tts.ledger.tables import ATTEMPT_ROWS, METADATA, OPENS, RUNS, SPENT

STRIDE = 8
"""Rows per statement. Every statement hands the interpreter lock back, and a busy event loop
may keep it for 5 ms; longer statements than this one cost SQLite more than they save."""


class Statement(Struct, frozen=True):
    """One way of writing rows, for a single row and, where there is one, for `STRIDE` of them."""

    single: str
    several: str = ""

    def run(self, cursor: Any, rows: Sequence[Values]) -> None:
        whole = len(rows) - len(rows) % STRIDE if self.several else 0
        if whole:
            cursor.executemany(self.several, list(strides(rows, whole)))
        if rest := rows[whole:]:
            cursor.executemany(self.single, rest)


def strides(rows: Sequence[Values], whole: int) -> Iterator[Values]:
    for start in range(0, whole, STRIDE):
        yield tuple(chain.from_iterable(rows[start : start + STRIDE]))


def statements(dialect: Dialect) -> Mapping[Target, Statement]:
    """How each kind of row is written to a database of this dialect."""
    inserts: dict[Target, Statement] = {
        target: Statement(
            insert(METADATA.tables[target], columns, 1, dialect),
            insert(METADATA.tables[target], columns, STRIDE, dialect),
        )
        for target, columns in COLUMNS.items()
        if target != "ended"
    }
    return {**inserts, "ended": Statement(delete(OPENS, COLUMNS["ended"], dialect))}


def delete(table: Table, names: Sequence[str], dialect: Dialect) -> str:
    same = " AND ".join(f"{name} = {mark(table.c[name], dialect)}" for name in names)
    return f"DELETE FROM {table.name} WHERE {same}"


def insert(table: Table, names: Sequence[str], count: int, dialect: Dialect) -> str:
    columns = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
    rows = values([table.c[name] for name in names], count, dialect)
    key = ", ".join(column.name for column in table.primary_key)
    sql = f"INSERT INTO {table.name} ({columns}) VALUES {rows} ON CONFLICT ({key}) DO "
    return sql + conflict(table, names)


def conflict(table: Table, names: Sequence[str]) -> str:
    """Some rows are written again as more is known of them; nothing else is."""
    if table not in (RUNS, ATTEMPT_ROWS, SPENT):
        return "NOTHING"
    changes = [f"{n} = excluded.{n}" for n in names if not table.c[n].primary_key]
    ended = " WHERE excluded.stopped_by IS NOT NULL" if table is RUNS else ""
    return f"UPDATE SET {', '.join(changes)}{ended}"


def values(columns: Sequence[Column[Any]], count: int, dialect: Dialect) -> str:
    row = "(" + ", ".join(mark(column, dialect) for column in columns) + ")"
    return ", ".join([row] * count)


def mark(column: Column[Any], dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return "?"
    return f"%s::{column.type.compile(dialect)}"
