"""How much of a rate the next windows still hold, and who gets it."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from msgspec import Struct

from tts.ledger.block import block
from tts.protocols import RateLease
from tts.values import Dimension

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
