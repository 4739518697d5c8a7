"""What a job may really spend, leased in blocks when several processes share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial

from tts.budget.account import Account, Amounts
from tts.budget.turns import Told, Turns
from tts.errors import Suspended
from tts.protocols import Abort, Leases
from tts.values import NOTHING, Dimension, Usage

FIRST_BLOCK, LARGEST_BLOCK = 64, 32_768
"""Worst cases in one lease, at the beginning and at most."""

GROWTH = 8
"""How many times the last block the next one is, where that was emptied fast."""

FAST = 1.0
"""Seconds: a block that was emptied sooner was too small."""


class BlockSize:
    """How many worst cases to lease at once: `GROWTH` times as many while blocks are emptied fast.

    A lease is a transaction; a block that is too large keeps room from other processes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._size, self._asked = FIRST_BLOCK, -FAST

    def next(self) -> int:
        now = self._clock()
        fast = now - self._asked < FAST
        self._size = min(GROWTH * self._size, LARGEST_BLOCK) if fast else FIRST_BLOCK
        self._asked = now
        return self._size


class Wallet(Turns[Amounts]):
    """The job's account of billed cost. Calls wait for it first-in-first-out, holding nothing.

    The ceilings are the job's; the room in memory is what was leased of them. When neither the
    block nor the ledger has room for the call at the head and nothing is open, the job is
    suspended: its open problems stay resumable.
    """

    def __init__(self, ceilings: Mapping[Dimension, int], leases: Leases) -> None:
        super().__init__()
        self.ceilings = dict(ceilings)
        self.account = Account(dict.fromkeys(ceilings, 0), scope="job's wallet")
        self.leases = leases
        self._block = BlockSize()
        self._changed = asyncio.Event()
        self._drained = False
        self._outdated = False
        """Whether the block was leased under other ceilings."""
        self._aside: dict[Dimension, int] = {}
        """Taken out of the block, and not given back yet."""
        self._missing: Amounts | None = None
        """What there was no room for when nothing was open, until something comes back."""

    def reserve_nowait(self, worst: Usage) -> Amounts | None:
        """Reserve without waiting; None where that is not possible at once."""
        if not self.account.capped and not self._drained:
            self.account.hold(())
            return ()
        amounts = self.account.amounts(worst)
        return amounts if self.in_turn_nowait(amounts) else None

    async def reserve(self, worst: Usage) -> Amounts:
        """Reserve the worst case of one attempt; raises `Suspended` when the wallet is empty."""
        amounts = self.account.amounts(worst)
        await self.in_turn(amounts)
        return amounts

    def reserve_then(self, worst: Usage, told: Told) -> Abort:
        """The same by a callback; returns what leaves the line."""
        return partial(self.withdraw, self.wait(self.account.amounts(worst), told))

    def refuse(self, worst: Usage) -> None:
        """Raise `Suspended` where as little was refused, so that nobody waits for anything else in
        order to be refused, too."""
        if self._missing is None:
            return
        amounts = self.account.amounts(worst)
        if all(need >= missing for need, missing in zip(amounts, self._missing, strict=True)):
            raise self._suspended(amounts)

    def settle(self, held: Amounts, billed: Usage) -> None:
        self._missing = None
        self.account.settle(held, billed)
        if self._outdated:
            self._set_aside()
        self._changed.set()

    async def retune(self, ceilings: Mapping[Dimension, int]) -> None:
        """Other ceilings of the same dimensions, while calls are in flight and in line.

        What was leased under the old ones and is not held goes back, at once and as calls end, until
        something was leased under the new ones.
        """
        if {*ceilings} != {*self.ceilings}:
            raise ValueError("A wallet keeps its dimensions.")
        self.ceilings, self._outdated, self._missing = dict(ceilings), True, None
        self._set_aside()
        await self._return()
        self._changed.set()

    async def close(self) -> None:
        """Give back what the leased block still holds."""
        if self.account.capped:
            self._set_aside()
            await self._return()

    def _set_aside(self) -> None:
        """Take what nobody holds out of the block."""
        left = self.account.left()
        self.account.raise_ceilings({name: -amount for name, amount in left.items()})
        for name, amount in left.items():
            self._aside[name] = self._aside.get(name, 0) + amount

    async def _return(self) -> None:
        back, self._aside = self._aside, {}
        if any(back.values()):
            await self.leases.give_back(back)

    async def drain(self) -> None:
        """Let nothing be sent any more, and wait until what was sent has ended."""
        self._drained = True
        while self.account.open:
            self._changed.clear()
            await self._changed.wait()

    def take(self, amounts: Amounts) -> bool:
        if self._drained or not self.account.fits(amounts):
            return False
        self.account.hold(amounts)
        return True

    def put(self, amounts: Amounts) -> None:
        self.settle(amounts, NOTHING)

    async def make_room(self, amounts: Amounts) -> None:
        if self._drained:
            await asyncio.Future()
        room = self.account.left()
        needs = zip(self.account.dimensions, amounts, strict=True)
        least: dict[Dimension, int] = {name: max(0, need - room[name]) for name, need in needs}
        self._changed.clear()
        await self._return()
        asked = self.ceilings
        block = await self.leases.draw(asked, least, most=max(self._block.next(), self.waiting))
        if block is not None and asked is not self.ceilings:
            await self.leases.give_back(block)
        elif block is not None:
            self._outdated, self._missing = False, None
            self.account.raise_ceilings(block)
        elif self.account.open:
            await self._changed.wait()
        else:
            self._missing = amounts
            raise self._suspended(amounts)

    def _suspended(self, amounts: Amounts) -> Suspended:
        return Suspended(f"{self.account.refusal(amounts)} The job can be resumed with more.")
