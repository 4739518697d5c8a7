"""The durable presence of a process in a job."""

from __future__ import annotations

import time

from sqlalchemy import Connection, func, insert, select, update

from tts.errors import LedgerError
from tts.ledger.process import Process
from tts.ledger.tables import LEASES

EXPIRY = 60.0
"""Seconds without a heartbeat after which a process on another host counts as dead."""

HEARTBEAT = 15.0
"""Seconds between heartbeats."""


def clock(connection: Connection) -> float:
    """Seconds since the epoch, by the clock that all processes of the ledger share."""
    if connection.dialect.name == "sqlite":
        return time.time()
    query = select(func.extract("epoch", func.clock_timestamp()))
    return float(connection.execute(query).scalar_one())


def lease(connection: Connection, process: Process, *, job: str, kind: str, name: str) -> None:
    """Write a live lease of this process."""
    values = {"job": job, "kind": kind, "name": name, "owner": process.token, "amounts": "{}"}
    values |= {"host": process.host, "born": process.born}
    connection.execute(
        insert(LEASES).values(**values, live=True, pid=process.pid, beat_at=clock(connection))
    )


def neighbours(connection: Connection, process: Process, *, job: str) -> bool:
    """Whether other processes work on the job, or did so since this one opened it."""
    presence = (LEASES.c.job == job) & (LEASES.c.kind == "process")
    since = LEASES.c.live | (LEASES.c.beat_at >= process.opened_at)
    other = select(LEASES.c.name).where(presence, LEASES.c.name != process.token, since)
    return connection.execute(other.limit(1)).first() is not None


def beat(connection: Connection, process: Process, *, job: str) -> None:
    """Say that the process lives.

    Raises `LedgerError` where others took it for dead, and may have spent what it held.
    """
    presence = (LEASES.c.job == job) & (LEASES.c.kind == "process")
    mine = presence & (LEASES.c.name == process.token) & LEASES.c.live
    changed = connection.execute(
        update(LEASES).where(mine).values(beat_at=clock(connection))
    ).rowcount
    if changed != 1:
        raise LedgerError(
            "This process gave no sign of life for so long that another one took over its share "
            "of the job. Run the same command again: every finished call is kept."
        )
