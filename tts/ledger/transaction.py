"""A short transaction that no other writer can enter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError


@contextmanager
def transaction(connection: Connection, *, lock: str) -> Iterator[None]:
    """Take the write lock first; on PostgreSQL, the one of this name. Rolls back on errors."""
    connection.exec_driver_sql(begin(connection))
    try:
        exclusive(connection, lock)
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise


def begin(connection: Connection) -> str:
    return "BEGIN" if connection.dialect.name == "postgresql" else "BEGIN IMMEDIATE"


def exclusive(connection: Connection, lock: str) -> None:
    """Wait for the lock of this name and hold it to the transaction's end.

    SQLite's `BEGIN IMMEDIATE` already excludes every other writer.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(hashtext(%(lock)s))", {"lock": f"tts {lock}"}
        )
