"""What several processes share: pieces of work, blocks of a wallet, rates per minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from tts.values import Dimension


class RateLease(Struct, frozen=True, kw_only=True):
    """A part of a shared rate, good from `opens_s` to `ends_s` (seconds from now)."""

    amounts: Mapping[Dimension, int]
    """Calls and tokens; empty: nothing is left before `opens_s`."""
    opens_s: float
    ends_s: float
    window_s: float
    """Length of the windows: they follow one another from `ends_s` on."""


class RateWindows(Protocol):
    """Leases parts of a rate, window by window of one clock.

    What is leased of a window never exceeds its part of the minute, whoever leases it. A lease
    ends with its window, so that nothing of a process that died has to be found again.
    """

    async def lease(
        self,
        name: str,
        rates: Mapping[Dimension, float],
        least: Mapping[Dimension, int],
        *,
        most: int,
    ) -> RateLease:
        """A block of what is left of the window, at least `least`, for the rates of one account.

        Args:
            name: the account; one name is one rate, in every job of the ledger.
            rates: calls and tokens per minute, those that are limited.
            least: what one call needs. More than a window holds is taken from several, and may be
                used once the last of them opens.
            most: how many times `least` the block may hold.
        """
        ...


class Leases(Protocol):
    """What several processes share of one job, leased durably in blocks."""

    @property
    def rates(self) -> RateWindows | None:
        """Rates per minute that they share; None where nobody else uses the same account."""
        ...

    async def claim(self, *names: str) -> frozenset[str]:
        """Take pieces of work for this process; those that are its own now. The others are held by
        living processes."""
        ...

    async def release(self, *names: str) -> None: ...

    async def others(self) -> tuple[int, frozenset[str]]:
        """How many other processes of the job live, and the pieces of work that they hold."""
        ...

    async def draw(
        self,
        ceilings: Mapping[Dimension, int],
        least: Mapping[Dimension, int],
        *,
        most: int,
    ) -> Mapping[Dimension, int] | None:
        """A block of the job's wallet, `least` up to `most` times; None: not even one is left."""
        ...

    async def give_back(self, amounts: Mapping[Dimension, int]) -> None:
        """Return what a block still holds."""
        ...
