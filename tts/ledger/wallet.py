"""The job's wallet, as the leases of its processes say."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select, update

from tts.errors import UnknownPrice
from tts.ledger.block import block
from tts.ledger.process import Process
from tts.ledger.pulse import EXPIRY, clock
from tts.ledger.spent import Amounts, close_process
from tts.ledger.tables import LEASES
from tts.values import Dimension, unit_of


class Holder(Struct, frozen=True):
    """A process of the job: what it holds while it lives, what it spent once it is closed."""

    process: Process
    live: bool
    amounts: Amounts
    beat_at: float


def holders(connection: Connection, job: str) -> list[Holder]:
    query = select(LEASES).where(LEASES.c.job == job, LEASES.c.kind == "process")
    return [
        Holder(
            Process(token=row.name, host=row.host, pid=row.pid, born=row.born),
            bool(row.live),
            msgspec.json.decode(row.amounts, type=dict[str, int | None]),
            row.beat_at,
        )
        for row in connection.execute(query)
    ]


def reconcile(connection: Connection, job: str) -> list[str]:
    """Close the leases of dead processes and return their tokens.

    Their settled attempts count as recorded, open ones at their worst case, the rest returns.
    """
    now = clock(connection)
    dead = [
        holder.process.token
        for holder in holders(connection, job)
        if holder.live and not holder.process.lives(holder.beat_at, now, patience=EXPIRY)
    ]
    for token in dead:
        close_process(connection, job, token)
    return dead


def remaining(found: list[Holder], ceilings: Mapping[Dimension, int]) -> dict[Dimension, int]:
    """What no process holds or has spent."""
    left = dict(ceilings)
    for holder in found:
        for name in ceilings:
            amount = holder.amounts.get(name, 0)
            if amount is None:
                raise UnknownPrice(
                    f"Calls of this job have no known {unit_of(name)}, so no ceiling on it can be kept."
                )
            left[name] -= amount
    return left


def draw(
    connection: Connection,
    job: str,
    process: Process,
    ceilings: Mapping[Dimension, int],
    least: Mapping[Dimension, int],
    *,
    most: int,
) -> dict[Dimension, int] | None:
    """Lease a block; first closing what dead processes hold where nothing else is left."""
    found = holders(connection, job)
    drawn = fitting(found, ceilings, least, most)
    if drawn is None and reconcile(connection, job):
        found = holders(connection, job)
        drawn = fitting(found, ceilings, least, most)
    if drawn is not None:
        change(connection, job, process, found, drawn, sign=1)
    return drawn


def fitting(
    found: list[Holder],
    ceilings: Mapping[Dimension, int],
    least: Mapping[Dimension, int],
    most: int,
) -> dict[Dimension, int] | None:
    living = sum(holder.live for holder in found)
    return block(remaining(found, ceilings), least, most=most, processes=max(1, living))


def change(
    connection: Connection,
    job: str,
    process: Process,
    found: list[Holder],
    amounts: Mapping[Dimension, int],
    *,
    sign: int,
) -> None:
    """Add to what a process holds, or take from it."""
    held = next(dict(h.amounts) for h in found if h.process.token == process.token)
    for name, amount in amounts.items():
        held[name] = max(0, (held.get(name) or 0) + sign * amount)
    where = (LEASES.c.job == job) & (LEASES.c.kind == "process") & (LEASES.c.name == process.token)
    encoded = msgspec.json.encode(held).decode()
    connection.execute(update(LEASES).where(where).values(amounts=encoded))


def give_back(
    connection: Connection, job: str, process: Process, amounts: Mapping[Dimension, int]
) -> None:
    """Return what a process no longer needs of what it holds."""
    change(connection, job, process, holders(connection, job), amounts, sign=-1)
