"""Short transactions that no other writer can enter, and the writer's connection."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from tts.errors import LedgerError
from tts.ledger.connect import is_transient, may_come_back

T = TypeVar("T")
PAUSE = 0.05
"""Seconds between attempts at a transaction that others kept out."""
PATIENCE = 30.0
"""Seconds in which a server that restarts has to be back."""


def asked(engine: Engine, work: Callable[[Connection], T], *, patience: float = PATIENCE) -> T:
    """The value of repeatable work on a connection, tried again where the server dropped it.

    A server that was never reached is not waited for.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            with engine.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            if not may_come_back(error, engine) or time.monotonic() >= deadline:
                raise
        time.sleep(PAUSE)


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


def together(raw: Any) -> AbstractContextManager[object]:
    """Statements that travel at once, where a database is that far away: PostgreSQL."""
    return raw.pipeline() if hasattr(raw, "pipeline") else nullcontext()


class FileWatch:
    """Notices that the files of a SQLite ledger are not those any more that are written to.

    A file that was removed or replaced goes on taking writes until it is closed; all of them are
    lost then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = (path, path.with_name(f"{path.name}-wal"))
        self._known: dict[Path, tuple[int, int]] = {}
        self._largest = 0

    def check(self) -> None:
        """Raises `LedgerError` where a file was removed, replaced or cut since it was first seen."""
        for file in self._files:
            try:
                found = os.stat(file)
            except OSError:
                found = None
            identity = None if found is None else (found.st_dev, found.st_ino)
            if file not in self._known and identity is not None:
                self._known[file] = identity
            if self._known.get(file) != identity:
                raise LedgerError(f"{file} was removed or replaced {LOST}")
            if file is self._path and found is not None:
                if found.st_size < self._largest:
                    raise LedgerError(f"{file} was cut short {LOST}")
                self._largest = found.st_size


LOST = (
    "while a job was writing to it: the job stops, since nothing of what it pays for could be kept. "
    "Put the ledger back, or begin a new one, and run the same command again."
)


class Session:
    """Runs transactions on one connection, opened when first needed and again after an error."""

    def __init__(self, engine: Engine, *, patience: float) -> None:
        self._engine = engine
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._watch = FileWatch(Path(file)) if file else None
        self._patience = patience
        self._connection: Connection | None = None

    def persist(
        self, work: Callable[[Connection], T], *, first: Callable[[Any], object] = lambda _: None
    ) -> T:
        """One transaction, tried again while others are in the way; what it does must be repeatable.

        `first`: writes before that, with a cursor and without asking anything.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._transaction(work, first)
            except BaseException as error:
                self.close()
                if not is_transient(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(PAUSE)

    def _transaction(self, work: Callable[[Connection], T], first: Callable[[Any], object]) -> T:
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        raw = connection.connection.driver_connection
        assert raw is not None
        with together(raw):
            raw.execute(begin(connection))
            first(raw.cursor())
        value = work(connection)
        raw.execute("COMMIT")
        if self._watch is not None:
            self._watch.check()
        return value

    def close(self) -> None:
        """Drop the connection and whatever it had not committed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()
