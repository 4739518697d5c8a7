"""The SQL of the writer, derived once from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Table
from sqlalchemy.engine import Dialect

from tts.ledger.encode import COLUMNS, SETTLED, Target
from tts.ledger.tables import ATTEMPTS, CANDIDATES, METADATA, RUNS

STRIDE = 8
"""Rows per statement. Every statement hands the interpreter lock back, and a busy event loop
may keep it for 5 ms; longer statements than this one cost SQLite more than they save."""

Values = tuple[Any, ...]


class Statement(Struct, frozen=True):
    """One way of writing rows, for a single row and for `STRIDE` of them."""

    single: str
    several: str

    def run(self, cursor: Any, rows: Sequence[Values]) -> None:
        whole = len(rows) - len(rows) % STRIDE
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
            insert(METADATA.tables[table], columns, 1, dialect),
            insert(METADATA.tables[table], columns, STRIDE, dialect),
        )
        for target, (table, columns) in COLUMNS.items()
    }
    return {**inserts, "settled": Statement(settle(1, dialect), settle(STRIDE, dialect))}


def insert(table: Table, names: Sequence[str], count: int, dialect: Dialect) -> str:
    columns = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
    rows = values([table.c[name] for name in names], count, dialect)
    key = ", ".join(column.name for column in table.primary_key)
    sql = f"INSERT INTO {table.name} ({columns}) VALUES {rows} ON CONFLICT ({key}) DO "
    return sql + conflict(table, names)


def conflict(table: Table, names: Sequence[str]) -> str:
    """Runs and candidates are written again as more is known of them; nothing else is."""
    if table is RUNS:
        changes = [f"{n} = excluded.{n}" for n in names if not table.c[n].primary_key]
        changes[-1] += " WHERE excluded.stopped_by IS NOT NULL"
    elif table is CANDIDATES:
        changes = [
            "final = excluded.final",
            "answer = COALESCE(excluded.answer, candidates.answer)",
            "value = COALESCE(excluded.value, candidates.value)",
            "steps = CASE WHEN excluded.value IS NULL THEN candidates.steps ELSE excluded.steps END",
        ]
    else:
        return "NOTHING"
    return "UPDATE SET " + ", ".join(changes)


def settle(count: int, dialect: Dialect) -> str:
    changed = [name for name in SETTLED if name not in ATTEMPTS.primary_key.columns]
    place = {name: f"settled.column{at}" for at, name in enumerate(SETTLED, start=1)}
    changes = ", ".join(f"{name} = {place[name]}" for name in changed)
    key = [column.name for column in ATTEMPTS.primary_key]
    where = " AND ".join(f"attempts.{name} = {place[name]}" for name in key)
    rows = values([ATTEMPTS.c[name] for name in SETTLED], count, dialect)
    return f"UPDATE attempts SET {changes} FROM (VALUES {rows}) AS settled WHERE {where}"


def values(columns: Sequence[Column[Any]], count: int, dialect: Dialect) -> str:
    row = "(" + ", ".join(mark(column, dialect) for column in columns) + ")"
    return ", ".join([row] * count)


def mark(column: Column[Any], dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return "?"
    return f"%s::{column.type.compile(dialect)}"
