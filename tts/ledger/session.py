"""The writer's connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from tts.ledger.failures import is_transient
from tts.ledger.transaction import begin

T = TypeVar("T")
PAUSE = 0.05
"""Seconds between attempts at a transaction that others kept out."""


class Session:
    """Runs transactions on one connection, opened when first needed and again after an error."""

    def __init__(self, engine: Engine, *, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._connection: Connection | None = None

    def persist(self, work: Callable[[Connection], T]) -> T:
        """One transaction, tried again while others are in the way; `work` must be repeatable."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._transaction(work)
            except BaseException as error:
                self.close()
                if not is_transient(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(PAUSE)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(begin(connection))
        value = work(connection)
        raw.execute("COMMIT")
        return value

    def close(self) -> None:
        """Drop the connection and whatever it had not committed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()
