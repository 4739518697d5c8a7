"""Opening the database that a path or a URL names."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from tts.errors import BadInput, LedgerError
from tts.ledger.filesystem import refuse_remote

Synchronous = Literal["normal", "full"]
"""normal: survives a crash of the process; full: also that of the machine, at an fsync each."""


def parse(place: str | Path) -> URL:
    """The URL of a path, of a `sqlite:///` URL or of a PostgreSQL one."""
    words = str(place)
    if "://" not in words:
        return URL.create("sqlite", database=words)
    try:
        url = make_url(words)
    except ArgumentError as error:
        raise BadInput("The ledger's address is neither a path nor a database URL.") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(f"A ledger is SQLite or PostgreSQL, not {url.get_backend_name()}.")
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def connect(
    place: str | Path,
    *,
    synchronous: Synchronous = "normal",
    patience: float = 30.0,
    create: bool = True,
) -> Engine:
    """An engine whose connections commit by themselves; `patience` is in seconds of waiting."""
    url = parse(place)
    if url.get_backend_name() == "postgresql":
        return connect_postgres(url, synchronous=synchronous, patience=patience)
    return connect_sqlite(url, synchronous=synchronous, patience=patience, create=create)


def connect_postgres(url: URL, *, synchronous: Synchronous, patience: float) -> Engine:
    wait = "on" if synchronous == "full" else "local"
    own = f"-c synchronous_commit={wait} -c lock_timeout={round(patience * 1000)}"
    options = " ".join([*url.normalized_query.get("options", ()), own])
    arguments = {"connect_timeout": max(2, round(patience)), "options": options}
    try:
        return create_engine(url, isolation_level="AUTOCOMMIT", connect_args=arguments)
    except ImportError as error:
        raise LedgerError(
            "PostgreSQL needs a driver: pip install 'tts-engine[postgres]'."
        ) from error


OLDEST = (3, 33, 0)
"""The first SQLite that keeps what the ledger needs: upserts, and JSON taken apart by queries."""


def connect_sqlite(url: URL, *, synchronous: Synchronous, patience: float, create: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadInput("A ledger needs a file; use MemoryJournal where nothing is to be kept.")
    if sqlite3.sqlite_version_info < OLDEST:
        raise LedgerError(f"SQLite {sqlite3.sqlite_version} is too old; 3.33 or newer is needed.")
    path = Path(url.database).absolute()
    refuse_remote(path)
    if path.is_dir():
        raise BadInput(f"{path} is a folder; a ledger is a file: name one in it (--ledger).")
    if create and not path.parent.is_dir():
        raise BadInput(
            f"There is no folder {path.parent} for the ledger: make it, or choose another --ledger."
        )
    if not create and not path.exists():
        raise BadInput(f"There is no ledger at {path}.")
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": patience, "cached_statements": 64},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        prepare_sqlite(connection, path, synchronous)

    return engine


def prepare_sqlite(connection: sqlite3.Connection, path: Path, synchronous: Synchronous) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerError(f"{path} cannot keep a write-ahead log; move it to a local disk.")
    connection.execute(f"PRAGMA synchronous={synchronous.upper()}")
    connection.execute("PRAGMA cache_size=-2048")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
