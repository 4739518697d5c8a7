"""What the processes of one job share: pieces of work, and the wallet in blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, select, update

from tts.errors import UnknownPrice
from tts.ledger.ledger import Ledger
from tts.ledger.process import (
    EXPIRY,
    Amounts,
    Process,
    beat,
    clock,
    close_process,
    lease,
    neighbours,
)
from tts.ledger.rate_windows import LedgerRateWindows, block
from tts.ledger.session import exclusive
from tts.ledger.tables import LEASES
from tts.values import Dimension, unit_of

T = TypeVar("T")


class Holder(Struct, frozen=True):
    """A process of the job: what it holds while it lives, what it spent once it is closed."""

    process: Process
    live: bool
    amounts: Amounts
    beat_at: float

    def lives(self, now: float) -> bool:
        return self.live and self.process.lives(self.beat_at, now, patience=EXPIRY)


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


def living(connection: Connection, job: str) -> list[Holder]:
    """The processes that work on a job now."""
    now = clock(connection)
    return [holder for holder in holders(connection, job) if holder.lives(now)]


def leased(connection: Connection) -> list[str]:
    """The jobs that processes work on, or have worked on."""
    return list(connection.execute(select(LEASES.c.job).distinct()).scalars())


def reconcile(connection: Connection, job: str) -> list[str]:
    """Close the leases of dead processes and return their tokens.

    Their settled attempts count as recorded, open ones at their worst case, the rest returns.
    """
    now = clock(connection)
    dead = [
        holder.process.token
        for holder in holders(connection, job)
        if holder.live and not holder.lives(now)
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


class JobLeases:
    """Durable `Leases` in the ledger of the job; each call is one transaction of its writer.

    What a process holds counts as spent until it gives it back, ends, or is found dead.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.rates = LedgerRateWindows(ledger)
        self._job, self._process = ledger.job, ledger.process

    async def claim(self, name: str) -> bool:
        return await self._perform(lambda connection: self._claim(connection, name))

    async def release(self, name: str) -> None:
        mine = self._claimed(name) & (LEASES.c.owner == self._process.token)
        await self._perform(lambda connection: connection.execute(delete(LEASES).where(mine)))

    async def others(self) -> tuple[int, frozenset[str]]:
        return await self._perform(self._others)

    async def draw(
        self,
        ceilings: Mapping[Dimension, int],
        least: Mapping[Dimension, int],
        *,
        most: int,
    ) -> dict[Dimension, int] | None:
        return await self._perform(
            lambda connection: draw(
                connection, self._job, self._process, ceilings, least, most=most
            )
        )

    async def give_back(self, amounts: Mapping[Dimension, int]) -> None:
        await self._perform(
            lambda connection: give_back(connection, self._job, self._process, amounts)
        )

    async def reconcile(self) -> list[str]:
        """Close the leases of dead processes; returns their tokens."""
        return await self._perform(lambda connection: reconcile(connection, self._job))

    async def left(self, ceilings: Mapping[Dimension, int]) -> dict[Dimension, int]:
        """What of the ceilings no process holds or has spent."""
        return await self._perform(
            lambda connection: remaining(holders(connection, self._job), ceilings)
        )

    async def _perform(self, task: Callable[[Connection], T]) -> T:
        def work(connection: Connection) -> T:
            self._enter(connection)
            return task(connection)

        return await self._ledger.perform(work)

    def _enter(self, connection: Connection) -> None:
        """Exclude other processes, and make sure that none took this one for dead."""
        exclusive(connection, self._job)
        beat(connection, self._process, job=self._job)
        self._ledger.meet(neighbours(connection, self._process, job=self._job))

    def _claim(self, connection: Connection, name: str) -> bool:
        row = connection.execute(select(LEASES).where(self._claimed(name))).one_or_none()
        if row is not None and row.owner == self._process.token:
            return True
        if row is not None and self._held(connection, row.owner):
            return False
        connection.execute(delete(LEASES).where(self._claimed(name)))
        lease(connection, self._process, job=self._job, kind="claim", name=name)
        return True

    def _held(self, connection: Connection, owner: str) -> bool:
        return owner in {holder.process.token for holder in living(connection, self._job)}

    def _others(self, connection: Connection) -> tuple[int, frozenset[str]]:
        tokens = {holder.process.token for holder in living(connection, self._job)}
        others = tokens - {self._process.token}
        claims = (LEASES.c.job == self._job) & (LEASES.c.kind == "claim")
        held = connection.execute(select(LEASES.c.name, LEASES.c.owner).where(claims))
        return len(others), frozenset(row.name for row in held if row.owner in others)

    def _claimed(self, name: str) -> ColumnElement[bool]:
        return (LEASES.c.job == self._job) & (LEASES.c.kind == "claim") & (LEASES.c.name == name)
