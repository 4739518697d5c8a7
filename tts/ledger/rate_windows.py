"""Rates that the processes of one ledger share, whatever jobs they work for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor

from sqlalchemy import Connection, delete, func, insert, select, update

from tts.ledger.ledger import Ledger
from tts.ledger.pulse import clock
from tts.ledger.rate_window import SECONDS, Amounts, draw
from tts.ledger.tables import LEASES, RATE_WINDOWS
from tts.ledger.transaction import exclusive
from tts.protocols import RateLease
from tts.values import Dimension


class LedgerRateWindows:
    """Durable `RateWindows`; each lease is one transaction of the ledger's writer."""

    def __init__(self, ledger: Ledger, *, now: Callable[[Connection], float] = clock) -> None:
        self._ledger, self._now = ledger, now

    async def lease(
        self,
        name: str,
        rates: Mapping[Dimension, float],
        least: Mapping[Dimension, int],
        *,
        most: int,
    ) -> RateLease:
        return await self._ledger.perform(
            lambda connection: self._leased(connection, name, rates, least, most)
        )

    def _leased(
        self,
        connection: Connection,
        name: str,
        rates: Mapping[Dimension, float],
        least: Amounts,
        most: int,
    ) -> RateLease:
        exclusive(connection, "rates")
        now = self._now(connection)
        taken = _taken(connection, name, floor(now / SECONDS))
        drawn = draw(taken, now, rates, least, most=most, processes=_processes(connection))
        for window, part in drawn.parts.items():
            _take(connection, name, window, taken.get(window), part)
        return drawn.lease


def _taken(connection: Connection, name: str, window: int) -> dict[int, Amounts]:
    """What was leased of this window and of later ones; those that are over are forgotten."""
    mine = RATE_WINDOWS.c.name == name
    connection.execute(delete(RATE_WINDOWS).where(mine, RATE_WINDOWS.c.window < window))
    rows = connection.execute(select(RATE_WINDOWS).where(mine))
    return {row.window: {"calls": row.calls, "tokens": row.tokens} for row in rows}


def _processes(connection: Connection) -> int:
    living = (LEASES.c.kind == "process") & LEASES.c.live
    count = connection.execute(select(func.count()).select_from(LEASES).where(living)).scalar_one()
    return max(1, int(count))


def _take(
    connection: Connection, name: str, window: int, before: Amounts | None, part: Amounts
) -> None:
    known = before or {}
    whole = {
        "calls": known.get("calls", 0) + part.get("calls", 0),
        "tokens": known.get("tokens", 0) + part.get("tokens", 0),
    }
    if before is None:
        connection.execute(insert(RATE_WINDOWS).values(name=name, window=window, **whole))
        return
    mine = (RATE_WINDOWS.c.name == name) & (RATE_WINDOWS.c.window == window)
    connection.execute(update(RATE_WINDOWS).where(mine).values(**whole))
