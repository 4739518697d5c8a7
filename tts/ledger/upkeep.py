"""Room in a ledger: jobs that are not wanted any more, and the pages that they leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Connection, Engine, Table, delete, func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from tts.errors import UnknownName, UsageError
from tts.ledger.codec import process_number
from tts.ledger.connect import connect, explained
from tts.ledger.holders import holders, leased, living
from tts.ledger.schema import current, place_of
from tts.ledger.session import transaction
from tts.ledger.tables import (
    CALL_ROWS,
    CONTROLS,
    DONE,
    JOBS,
    METADATA,
    OPENS,
    OPERATIONS,
    RUNS,
    SPENT,
    TEXTS,
)

T = TypeVar("T")


class Pruned(Struct, frozen=True, kw_only=True):
    """What went with a job."""

    runs: int
    rows: int
    """Of all tables."""


class Checked(Struct, frozen=True, kw_only=True):
    """A ledger that could be read."""

    size: int
    """Bytes."""
    jobs: int
    workers: int
    """Processes that work on some job now."""
    fault: str
    """What is wrong with its file; empty: nothing."""


def checked(place: str | Path) -> Checked:
    """Look at every page of a ledger's file once; raises `LedgerError` where it cannot be read."""

    def work(connection: Connection) -> Checked:
        alive = [one for job in leased(connection) for one in living(connection, job)]
        said = "ok"
        if connection.dialect.name == "sqlite":
            said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        return Checked(
            size=size_of(connection),
            jobs=_count(connection, JOBS, JOBS.c.job.is_not(None)),
            workers=len(alive),
            fault="" if said == "ok" else f"{place} is damaged: {said}",
        )

    return _at(place, work)


def prune(place: str | Path, job: str) -> Pruned:
    """Take a job and all that is only its own out of a ledger, in one transaction.

    What it was billed goes as well. Raises `UnknownName`, `UsageError` where it is worked at.
    """

    def work(connection: Connection) -> Pruned:
        with transaction(connection, lock=job):
            _refuse(connection, job)
            runs = _count(connection, RUNS, RUNS.c.job == job)
            return Pruned(runs=runs, rows=_delete(connection, job))

    return _at(place, work)


def vacuum(place: str | Path) -> tuple[int, int]:
    """Give pages that hold nothing back to the disk; bytes before and after.

    Raises `UsageError` where a job of the ledger is worked at: it would wait for the whole of it.
    """

    def work(connection: Connection) -> tuple[int, int]:
        for job in leased(connection):
            _refuse_worked_at(connection, job)
        before = size_of(connection)
        connection.exec_driver_sql("VACUUM")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, size_of(connection)

    return _at(place, work)


def size_of(connection: Connection) -> int:
    """Bytes of the ledger's tables."""
    if connection.dialect.name == "sqlite":
        pages, length = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "page_size")
        )
        return int(pages) * int(length)
    names = [table.name for table in METADATA.sorted_tables]
    size = select(func.sum(func.pg_total_relation_size(text("c.oid"))))
    found = size.select_from(text("pg_class c")).where(
        Column("relname").in_(names), text("pg_table_is_visible(c.oid)")
    )
    return int(connection.execute(found).scalar_one() or 0)


def _at(place: str | Path, work: Callable[[Connection], T]) -> T:
    engine: Engine = current(connect(place, create=False))
    try:
        with engine.connect() as connection:
            return work(connection)
    except SQLAlchemyError as error:
        raise explained(error, place_of(engine)) from error
    finally:
        engine.dispose()


def _refuse(connection: Connection, job: str) -> None:
    known = set[str]()
    for table in (JOBS, RUNS, CONTROLS):  # one that was only submitted stands in the last alone
        known |= {*connection.execute(select(table.c.job).distinct()).scalars()}
    if job not in known:
        raise UnknownName("job", job, sorted(known))
    _refuse_worked_at(connection, job)


def _refuse_worked_at(connection: Connection, job: str) -> None:
    if living(connection, job):
        raise UsageError(f"Job {job!r} is being worked at: let that end first.")


def _delete(connection: Connection, job: str) -> int:
    """The rows of a job, then the texts that nothing refers to any more."""
    processes = [one.process.token for one in holders(connection, job)]
    numbers = [process_number(token) for token in processes]
    own = select(OPERATIONS.c.id).where(OPERATIONS.c.job == job)
    gone = _gone(connection, DONE, DONE.c.operation.in_(own))
    gone += _gone(connection, SPENT, SPENT.c.process.in_(processes))
    gone += _gone(connection, OPENS, OPENS.c.process.in_(numbers))
    for table in METADATA.sorted_tables:
        if "job" in table.c:
            gone += _gone(connection, table, table.c.job == job)
    return gone + _orphans(connection)


def _orphans(connection: Connection) -> int:
    """Delete what no call asked and no job is made of."""
    raw = DONE.c.input_hash
    as_text = func.encode(raw, "hex") if _postgres(connection) else func.lower(func.hex(raw))
    asked = select(as_text).union(select(CALL_ROWS.c.input_hash))
    digests = [_digest(row) for row in connection.execute(select(JOBS.c.manifest)).scalars()]
    return _gone(
        connection,
        TEXTS,
        ~or_(TEXTS.c.hash.in_(asked), TEXTS.c.hash.in_([d for d in digests if d])),
    )


class _Problems(Struct, frozen=True):
    digest: str = ""


class _Manifest(Struct, frozen=True):
    problems: _Problems = _Problems()


def _digest(manifest: str) -> str:
    """Of the problems of a job, which stand among the texts."""
    try:
        return msgspec.json.decode(manifest, type=_Manifest).problems.digest
    except msgspec.MsgspecError:
        return ""


def _postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _gone(connection: Connection, table: Table, where: object) -> int:
    return connection.execute(delete(table).where(where)).rowcount  # type: ignore[arg-type]


def _count(connection: Connection, table: Table, where: object) -> int:
    query = select(func.count()).select_from(table).where(where)  # type: ignore[arg-type]
    return int(connection.execute(query).scalar_one())
