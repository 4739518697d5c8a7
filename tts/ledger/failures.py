"""What a database's errors mean for the writer."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

from tts.errors import LedgerError

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


def explained(error: BaseException, place: str) -> LedgerError:
    """A new error for a caller: what happened, and what to do."""
    if isinstance(error, LedgerError):
        return LedgerError(*error.args)
    error = cause(error)
    advice = ADVICE.get(primary_code(error), "Mend the cause")
    return LedgerError(
        f"The ledger {place} cannot be written ({error}). {advice}, then run the same command "
        "again: every finished call is kept."
    )


def unreadable(error: BaseException, place: str = "") -> LedgerError:
    """The error of a reader: what happened, and what to do."""
    found = cause(error)
    advice = ADVICE.get(primary_code(found))
    named = f"The ledger {place}".rstrip()
    return LedgerError(f"{named} cannot be read: {found}.{f' {advice}.' if advice else ''}")
