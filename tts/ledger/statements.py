"""The SQL of the writer, derived once from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Column, Table
from sqlalchemy.engine import Dialect

from tts.ledger.codec import Values
from tts.ledger.tables import (
    ATTEMPT_ROWS,
    CALL_ROWS,
    DONE,
    JOBS,
    OPENS,
    OPERATIONS,
    OUTCOMES,
    RUNS,
    SPENT,
    TEXTS,
    USE_ROWS,
)

Target = Literal[
    "jobs",
    "runs",
    "texts",
    "outcomes",
    "call_rows",
    "use_rows",
    "attempt_rows",
    "operations",
    "done",
    "opens",
    "ended",
    "spent",
]
"""What the writer appends to: a table of that name; `ended` are rows of `opens` that go."""

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


WRITTEN: Mapping[Target, Table] = {
    "jobs": JOBS,
    "runs": RUNS,
    "texts": TEXTS,
    "outcomes": OUTCOMES,
    "call_rows": CALL_ROWS,
    "use_rows": USE_ROWS,
    "attempt_rows": ATTEMPT_ROWS,
    "operations": OPERATIONS,
    "done": DONE,
    "opens": OPENS,
    "spent": SPENT,
}


def statements(dialect: Dialect) -> Mapping[Target, Statement]:
    """How each kind of row is written to a database of this dialect; values in the columns' order."""
    inserts: dict[Target, Statement] = {
        target: Statement(insert(table, 1, dialect), insert(table, STRIDE, dialect))
        for target, table in WRITTEN.items()
    }
    return {**inserts, "ended": Statement(delete(OPENS, dialect))}


def delete(table: Table, dialect: Dialect) -> str:
    same = " AND ".join(f"{c.name} = {mark(c, dialect)}" for c in table.primary_key)
    return f"DELETE FROM {table.name} WHERE {same}"


def insert(table: Table, count: int, dialect: Dialect) -> str:
    columns = ", ".join(dialect.identifier_preparer.quote(column.name) for column in table.c)
    row = "(" + ", ".join(mark(column, dialect) for column in table.c) + ")"
    key = ", ".join(column.name for column in table.primary_key)
    sql = f"INSERT INTO {table.name} ({columns}) VALUES {', '.join([row] * count)} "
    return f"{sql}ON CONFLICT ({key}) DO {conflict(table)}"


def conflict(table: Table) -> str:
    """Some rows are written again as more is known of them; nothing else is."""
    if table not in (RUNS, ATTEMPT_ROWS, SPENT):
        return "NOTHING"
    changes = [f"{c.name} = excluded.{c.name}" for c in table.c if not c.primary_key]
    ended = " WHERE excluded.stopped_by IS NOT NULL" if table is RUNS else ""
    return f"UPDATE SET {', '.join(changes)}{ended}"


def mark(column: Column[Any], dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return "?"
    return f"%s::{column.type.compile(dialect)}"
