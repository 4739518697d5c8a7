"""Leases of a job that one process has to itself."""

from __future__ import annotations

from collections.abc import Mapping

from tts.ledger.block import block
from tts.values import Dimension


class MemoryLeases:
    """`Leases` in memory: every claim is granted, and nobody else draws."""

    rates = None
    """Limits of rates stay this process's own."""

    def __init__(self) -> None:
        self.held: dict[Dimension, int] = {}

    async def claim(self, name: str) -> bool:
        return True

    async def release(self, name: str) -> None:
        """Nobody waits for it."""

    async def others(self) -> tuple[int, frozenset[str]]:
        return 0, frozenset()

    async def draw(
        self,
        ceilings: Mapping[Dimension, int],
        least: Mapping[Dimension, int],
        *,
        most: int,
    ) -> dict[Dimension, int] | None:
        left = dict(ceilings)
        for name, amount in self.held.items():
            if name in left:
                left[name] -= amount
        drawn = block(left, least, most=most, processes=1)
        for name, amount in (drawn or {}).items():
            self.held[name] = self.held.get(name, 0) + amount
        return drawn

    async def give_back(self, amounts: Mapping[Dimension, int]) -> None:
        for name, amount in amounts.items():
            self.held[name] = max(0, self.held.get(name, 0) - amount)
