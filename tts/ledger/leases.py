"""What the processes of one job share: pieces of work, and the wallet in blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, update

from tts.errors import UnknownPrice
from tts.ledger.claims import begun, claim, claimed, release
from tts.ledger.holders import Holder, holders, living, reconcile
from tts.ledger.ledger import Ledger
from tts.ledger.process import Process, neighbours
from tts.ledger.rate_windows import LedgerRateWindows, block
from tts.ledger.tables import LEASES
from tts.values import Dimension, unit_of

T = TypeVar("T")


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
    """Durable `Leases` in the ledger of the job, by transactions of its writer.

    What a process holds counts as spent until it gives it back, ends, or is found dead.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.rates = LedgerRateWindows(ledger)
        self._job, self._process = ledger.job, ledger.process
        self._wanted, self._done = set[str](), set[str]()
        """To be claimed and to be released, by the next exchange."""
        self._next: asyncio.Task[frozenset[str]] | None = None
        self._exchanging = asyncio.Lock()

    async def claim(self, *names: str) -> frozenset[str]:
        self._wanted.update(names)
        return (await self._exchanged()).intersection(names)

    async def release(self, *names: str) -> None:
        self._done.update(names)
        await self._exchanged()

    async def others(self) -> tuple[int, frozenset[str]]:
        return await self._ledger.perform(self._others, alive=True)

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
        """Under the lock of the job, so that no two processes lease the same."""

        def work(connection: Connection) -> T:
            self._meet(connection)
            return task(connection)

        return await self._ledger.perform(work, lock=self._job, alive=True)

    def _meet(self, connection: Connection) -> None:
        self._ledger.meet(neighbours(connection, self._process, job=self._job))

    def _exchanged(self) -> Awaitable[frozenset[str]]:
        """The next exchange. Problems end one by one, and a transaction costs as much as several of
        them: while one is under way, the next one gathers."""
        if self._next is None:
            self._next = asyncio.create_task(self._exchange())
        return asyncio.shield(self._next)

    async def _exchange(self) -> frozenset[str]:
        """Release and claim what was gathered; what could be claimed."""
        async with self._exchanging:
            self._next = None
            wanted, self._wanted = self._wanted, set()
            done, self._done = self._done, set()
            self._ledger.let_go(done)
            work = partial(self._give_and_take, done, wanted)
            mine = await self._ledger.perform(work, alive=True)
        self._ledger.hold(mine)
        return frozenset(mine)

    def _give_and_take(
        self, done: Collection[str], wanted: Collection[str], connection: Connection
    ) -> dict[str, set[str]]:
        """What could be claimed, with what is on record of each."""
        release(connection, self._process, job=self._job, names=done)
        if not wanted:
            return {}
        self._meet(connection)
        mine = claim(connection, self._process, job=self._job, names=wanted)
        return begun(connection, self._job, mine)

    def _others(self, connection: Connection) -> tuple[int, frozenset[str]]:
        self._meet(connection)
        tokens = {holder.process.token for holder in living(connection, self._job)}
        others = tokens - {self._process.token}
        owners = claimed(connection, self._job)
        return len(others), frozenset(name for name, owner in owners.items() if owner in others)
