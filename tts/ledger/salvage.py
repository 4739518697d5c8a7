"""What becomes of rows of which the database refuses one: all others are written, and whoever waits
for the refused one is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from tts.errors import Unrecordable
from tts.ledger.batch import Batch
from tts.ledger.codec import Values, reading
from tts.ledger.connect import cause
from tts.ledger.statements import WRITTEN, Statement, Target
from tts.ledger.tables import DONE
from tts.protocols import CallRow, JobRow, OutcomeRow, Row, RunRow, TextRow, UseRow

REFUSED_STATES = ("22", "23")
"""PostgreSQL's classes of values that a column does not take."""
REFUSED_CODES = (sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH)

Identity = tuple[Target, Values]
"""A row of the database: its table and primary key."""

PLACES: Mapping[type, tuple[Target, ...]] = {
    JobRow: ("jobs",),
    RunRow: ("runs",),
    TextRow: ("texts",),
    OutcomeRow: ("outcomes",),
    CallRow: ("call_rows",),
    UseRow: ("use_rows", "done"),
}
"""Where a row that somebody waits for may have been written to."""
KEYS = {target: [column.name for column in table.primary_key] for target, table in WRITTEN.items()}
OPERATION = [column.name for column in DONE.c].index("operation")


def refuses(error: BaseException) -> bool:
    """Whether a database takes one of the values not; false where it fails as a whole."""
    found = cause(error)
    if isinstance(found, sqlite3.Error):
        return getattr(found, "sqlite_errorcode", None) in REFUSED_CODES
    state = getattr(found, "sqlstate", None)
    data = "DataError" in {kind.__name__ for kind in type(found).__mro__}
    return data or str(state).startswith(REFUSED_STATES) or isinstance(found, OverflowError)


def salvage(
    batch: Batch, statements: Mapping[Target, Statement], connection: Connection
) -> dict[Identity, Exception]:
    """Write a batch row by row, but for those that are refused."""
    cursor = connection.connection.cursor()
    refused: dict[Identity, Exception] = {}
    for target, rows in batch.values.items():
        for at, values in enumerate(rows):
            needed = ("operations", (values[OPERATION],)) if target == "done" else None
            error = refused.get(needed) if needed in refused else None
            error = error or tried(cursor, statements[target], values)
            if error is not None:
                refused[target, key_of(target, values)] = error
                if target == "done":
                    tried(cursor, statements["attempt_rows"], batch.attempt(at))
                elif target == "operations":
                    batch.forget(values[0])
    cursor.close()
    return refused


def refusal(refused: Mapping[Identity, Exception], rows: Iterable[Row]) -> Unrecordable | None:
    """What is said to whoever waits for rows of which one was refused; None: none was."""
    for row in rows:
        for target in PLACES.get(type(row), ()):
            error = refused.get((target, reading(*KEYS[target])(row)))
            if error is not None:
                said = " ".join(str(cause(error)).split())
                return Unrecordable(f"The ledger cannot hold what came ({said}).")
    return None


def key_of(target: Target, values: Values) -> Values:
    columns = [column.name for column in WRITTEN[target].c] if target in WRITTEN else []
    return tuple(values[columns.index(name)] for name in KEYS.get(target, ()))


def tried(cursor: Any, statement: Statement, values: Values) -> Exception | None:
    """Write one row; why it was refused, if it was."""
    cursor.execute("SAVEPOINT single_row")
    try:
        statement.run(cursor, [values])
    except Exception as error:
        if not refuses(error):
            raise
        cursor.execute("ROLLBACK TO SAVEPOINT single_row")
        return error
    cursor.execute("RELEASE SAVEPOINT single_row")
    return None
