"""Opening the database that a path or a URL names, and what its errors mean.

SQLite in WAL mode on a local disk, or PostgreSQL. A connection commits by itself; `tts.ledger.session`
holds the transactions.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from tts.errors import BadInput, LedgerError

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
        engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=arguments)
        from psycopg.types.numeric import Int8BinaryDumper
    except ImportError as error:
        raise LedgerError(
            "PostgreSQL needs a driver: pip install 'tts-engine[postgres]'."
        ) from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # By itself the driver says each integer's own width, and every mixture of widths among the
        # values of a row is another statement to prepare: that takes eight times as long as the row.
        connection.adapters.register_dumper(int, Int8BinaryDumper)

    return engine


CHUNK = 500
"""Names per query; SQLite takes at most 999 parameters in its older builds."""


def chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many of them at once as a query takes."""
    return (names[at : at + CHUNK] for at in range(0, len(names), CHUNK))


UNWRITTEN = "{place} holds no ledger: no job has written to it."

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
    if not create and not path.stat().st_size:  # opening it would write its first page
        raise LedgerError(UNWRITTEN.format(place=path))
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
    # Rows are appended and indexes touched in few places: 2 MiB per connection hold what is written.
    connection.execute("PRAGMA cache_size=-2048")
    # A page that is written again before it is moved is moved once; 16 MiB of log stay readable fast.
    connection.execute("PRAGMA wal_autocheckpoint=4000")


MOUNTS = Path("/proc/mounts")
REMOTE = re.compile(r"nfs\d*|cifs|smb\w*|afs|ncpfs|fuse\.(sshfs|smbnetfs|rclone|s3fs)")
"""SQLite's write-ahead log needs memory shared by every process, which these cannot give."""


def unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def filesystem(path: Path, *, mounts: Path = MOUNTS) -> str:
    """The type of the mount with the longest prefix of the path; empty where none is listed."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    entries = [(Path(unescape(f[1])), f[2]) for f in map(str.split, lines) if len(f) > 2]
    place = path.resolve()
    holding = [entry for entry in entries if place.is_relative_to(entry[0])]
    return max(holding, key=lambda entry: len(entry[0].parts), default=(None, ""))[1]


def refuse_remote(path: Path, *, mounts: Path = MOUNTS) -> None:
    """Raises `LedgerError` where the path lies on a network file system."""
    kind = filesystem(path, mounts=mounts)
    if REMOTE.fullmatch(kind):
        raise LedgerError(
            f"{path} lies on a network file system ({kind}), where SQLite can lose data. "
            "Use a local path, or PostgreSQL with a postgresql+psycopg:// URL."
        )


ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full. Free space",
    sqlite3.SQLITE_READONLY: "It is read-only. Make it writable",
    sqlite3.SQLITE_CANTOPEN: "It cannot be opened. Check that its folder exists and is writable",
    sqlite3.SQLITE_BUSY: "Another process kept it locked for too long. End that process",
    sqlite3.SQLITE_IOERR: "The disk reported an error. Check the disk",
    sqlite3.SQLITE_CORRUPT: "The file is damaged. Restore a copy of it",
    sqlite3.SQLITE_NOTADB: "The file is not a ledger. Give another path",
}
RETRIED_STATES = ("08", "40", "57P")
"""PostgreSQL's classes of lost connections, lost races and restarts."""


def cause(error: BaseException) -> BaseException:
    """The driver's own error."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def primary_code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_transient(error: BaseException) -> bool:
    """Whether the same batch may succeed later; every batch may be written twice."""
    error = cause(error)
    if isinstance(error, sqlite3.Error):
        return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    if type(error).__module__.partition(".")[0] != "psycopg":
        return False
    state = getattr(error, "sqlstate", None)
    lost = state is None and "OperationalError" in {t.__name__ for t in type(error).__mro__}
    return lost or str(state).startswith(RETRIED_STATES)


def may_come_back(error: BaseException, engine: Engine) -> bool:
    """Whether a server that was reached before ended the connection, or starts again."""
    reached = engine.dialect.server_version_info is not None
    return engine.dialect.name == "postgresql" and reached and is_transient(error)


def explained(error: BaseException, place: str) -> LedgerError:
    """A new error for a caller: what happened, and what to do."""
    if isinstance(error, LedgerError):
        return type(error)(*error.args)
    error = cause(error)
    advice = ADVICE.get(primary_code(error), "Mend the cause")
    return LedgerError(
        f"The ledger {place} cannot be written ({_line(error)}). {advice}, then run the same command "
        "again: every finished call is kept."
    )


def unreadable(error: BaseException, place: str = "") -> LedgerError:
    """The error of a reader: what happened, and what to do."""
    found = cause(error)
    advice = ADVICE.get(primary_code(found))
    named = f"The ledger {place}".rstrip()
    return LedgerError(f"{named} cannot be read: {_line(found)}.{f' {advice}.' if advice else ''}")


def _line(error: BaseException) -> str:
    """A driver's words, which may be several lines, as part of one sentence."""
    return " ".join(str(error).split()).rstrip(".?!")
