"""Rates that several executors of one process share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tts.ledger.rate_window import Amounts, draw
from tts.protocols import RateLease
from tts.values import Dimension


class MemoryRateWindows:
    """`RateWindows` in memory, by a clock that is handed in; `taken` says what was leased."""

    def __init__(self, clock: Callable[[], float], *, processes: int = 1) -> None:
        self._clock, self._processes = clock, processes
        self.taken: dict[str, dict[int, Amounts]] = {}

    async def lease(
        self,
        name: str,
        rates: Mapping[Dimension, float],
        least: Mapping[Dimension, int],
        *,
        most: int,
    ) -> RateLease:
        taken = self.taken.setdefault(name, {})
        drawn = draw(taken, self._clock(), rates, least, most=most, processes=self._processes)
        for window, part in drawn.parts.items():
            before = taken.get(window, {})
            taken[window] = {key: before.get(key, 0) + amount for key, amount in part.items()}
        return drawn.lease
