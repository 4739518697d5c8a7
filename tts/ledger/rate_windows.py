"""Rates per minute that the processes of one ledger share, whatever jobs they work for.

A rate is leased window by window of one clock; `draw` decides, `LedgerRateWindows` keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from tts.ledger.ledger import Ledger
from tts.ledger.process import clock
from tts.ledger.tables import LEASES, RATE_WINDOWS
from tts.protocols import RateLease
from tts.values import Dimension

SHARE = 4
"""A block takes at most a quarter of what each living process could still draw."""


def block(
    left: Mapping[Dimension, int], least: Mapping[Dimension, int], *, most: int, processes: int
) -> dict[Dimension, int] | None:
    """`least` up to `most` times, in the dimensions of `left`; None where not even one fits.

    Near the ceiling it shrinks to one worst case.
    """
    needs: dict[Dimension, int] = {name: least.get(name, 0) for name in left}
    if any(needs[name] > left[name] for name in left):
        return None
    fits = [left[name] // (need * SHARE * processes) for name, need in needs.items() if need]
    times = max(1, min([most, *fits]))
    return {name: needs[name] * times for name in left}


SECONDS = 5.0
"""Length of a window."""

GUARD = 0.1
"""Seconds before its end in which a window is not leased any more: what leaves late is too late."""

SMALL = 4
"""A call of at most this part of a window waits for the next one where this one is spent; a larger
one collects what it needs from several, so that little is left unused."""

Amounts = Mapping[Dimension, int]


class Drawn(Struct, frozen=True):
    """What was drawn of which windows, and how the lease reads for the process that drew."""

    parts: Mapping[int, Amounts]
    lease: RateLease


def allowance(per_minute: float, window: int) -> int:
    """What a window holds of a rate; the windows of any span add up to its part of the minute."""
    each = per_minute * SECONDS / 60
    return floor((window + 1) * each) - floor(window * each)


def draw(
    taken: Mapping[int, Amounts],
    now: float,
    rates: Mapping[Dimension, float],
    least: Amounts,
    *,
    most: int,
    processes: int,
) -> Drawn:
    """Draw a block of this window, or one call's worth of this and later ones, or nothing."""
    window = floor((now + GUARD) / SECONDS)
    left = left_in(window, taken, rates)
    drawn = block(left, least, most=most, processes=processes)
    if drawn is not None:
        return _drawn({window: drawn}, now)
    if all(need * SMALL <= allowance(rates[name], window) for name, need in least.items()):
        return Drawn({}, _lease({}, window + 1, now))
    return _drawn(_collected(window, taken, rates, least), now)


def left_in(
    window: int, taken: Mapping[int, Amounts], rates: Mapping[Dimension, float]
) -> dict[Dimension, int]:
    """What nobody has leased of a window."""
    used = taken.get(window, {})
    return {
        name: max(0, allowance(rate, window) - used.get(name, 0)) for name, rate in rates.items()
    }


def _collected(
    window: int,
    taken: Mapping[int, Amounts],
    rates: Mapping[Dimension, float],
    least: Amounts,
) -> dict[int, Amounts]:
    parts: dict[int, Amounts] = {}
    missing: dict[Dimension, int] = {**least}
    while any(missing.values()):
        left = left_in(window, taken, rates)
        part: Amounts = {name: min(need, left[name]) for name, need in missing.items()}
        missing = {name: need - part[name] for name, need in missing.items()}
        if any(part.values()):
            parts[window] = part
        window += 1
    return parts


def _drawn(parts: Mapping[int, Amounts], now: float) -> Drawn:
    amounts: dict[Dimension, int] = {}
    for part in parts.values():
        for name, amount in part.items():
            amounts[name] = amounts.get(name, 0) + amount
    return Drawn(parts, _lease(amounts, max(parts), now))


def _lease(amounts: Amounts, window: int, now: float) -> RateLease:
    opens, ends = window * SECONDS - now, (window + 1) * SECONDS - now
    return RateLease(amounts=amounts, opens_s=max(0.0, opens), ends_s=ends, window_s=SECONDS)


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
            lambda connection: self._leased(connection, name, rates, least, most), lock="rates"
        )

    def _leased(
        self,
        connection: Connection,
        name: str,
        rates: Mapping[Dimension, float],
        least: Amounts,
        most: int,
    ) -> RateLease:
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
