"""The processes of a job, as their leases tell, and what becomes of those that died."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from tts.ledger.process import EXPIRY, Amounts, Process, clock, close_process, presence
from tts.ledger.tables import LEASES


class Holder(Struct, frozen=True):
    """A process of the job: what it holds while it lives, what it spent once it is closed."""

    process: Process
    live: bool
    amounts: Amounts
    beat_at: float

    @classmethod
    def of(cls, row: Any) -> Holder:
        """Of a row of `leases`."""
        return cls(
            Process(token=row.name, host=row.host, pid=row.pid, born=row.born),
            bool(row.live),
            msgspec.json.decode(row.amounts, type=dict[str, int | None]),
            row.beat_at,
        )

    def lives(self, now: float) -> bool:
        return self.live and self.process.lives(self.beat_at, now, patience=EXPIRY)


def holders(connection: Connection, job: str) -> list[Holder]:
    return [*map(Holder.of, connection.execute(select(LEASES).where(presence(job))))]


def living(connection: Connection, job: str) -> list[Holder]:
    """The processes that work on a job now."""
    found, now = holders(connection, job), clock(connection)
    return [holder for holder in found if holder.lives(now)]


def leased(connection: Connection) -> list[str]:
    """The jobs that processes work on, or have worked on."""
    return list(connection.execute(select(LEASES.c.job).distinct()).scalars())


def reconcile(connection: Connection, job: str) -> list[str]:
    """Close the leases of dead processes and return their tokens.

    Their settled attempts count as recorded, open ones at their worst case, the rest returns. Nobody
    waits: a process whose lease is locked is giving a sign of life, or another one closes it.
    """
    mine = select(LEASES).where(presence(job), LEASES.c.live).with_for_update(skip_locked=True)
    found, now = [*map(Holder.of, connection.execute(mine))], clock(connection)
    dead = [holder.process.token for holder in found if not holder.lives(now)]
    for token in dead:
        close_process(connection, job, token)
    return dead
