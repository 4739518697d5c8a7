"""What the processes of one job share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, delete, select

from tts.ledger import wallet
from tts.ledger.ledger import Ledger
from tts.ledger.pulse import EXPIRY, beat, clock, lease, neighbours
from tts.ledger.rate_windows import LedgerRateWindows
from tts.ledger.tables import LEASES
from tts.ledger.transaction import exclusive
from tts.values import Dimension

T = TypeVar("T")


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
            lambda connection: wallet.draw(
                connection, self._job, self._process, ceilings, least, most=most
            )
        )

    async def give_back(self, amounts: Mapping[Dimension, int]) -> None:
        await self._perform(
            lambda connection: wallet.give_back(connection, self._job, self._process, amounts)
        )

    async def reconcile(self) -> list[str]:
        """Close the leases of dead processes; returns their tokens."""
        return await self._perform(lambda connection: wallet.reconcile(connection, self._job))

    async def left(self, ceilings: Mapping[Dimension, int]) -> dict[Dimension, int]:
        """What of the ceilings no process holds or has spent."""
        return await self._perform(
            lambda connection: wallet.remaining(wallet.holders(connection, self._job), ceilings)
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
        now = clock(connection)
        return any(
            holder.live and holder.process.lives(holder.beat_at, now, patience=EXPIRY)
            for holder in wallet.holders(connection, self._job)
            if holder.process.token == owner
        )

    def _others(self, connection: Connection) -> tuple[int, frozenset[str]]:
        now = clock(connection)
        living = {
            holder.process.token
            for holder in wallet.holders(connection, self._job)
            if holder.live and holder.process.lives(holder.beat_at, now, patience=EXPIRY)
        } - {self._process.token}
        claims = (LEASES.c.job == self._job) & (LEASES.c.kind == "claim")
        held = connection.execute(select(LEASES.c.name, LEASES.c.owner).where(claims))
        return len(living), frozenset(row.name for row in held if row.owner in living)

    def _claimed(self, name: str) -> ColumnElement[bool]:
        return (LEASES.c.job == self._job) & (LEASES.c.kind == "claim") & (LEASES.c.name == name)
