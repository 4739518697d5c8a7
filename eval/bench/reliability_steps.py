"""`reliability`, the part about money at random: three processes' wallets of one job that reserve,
settle, refund and crash in any order (row B4)."""

from __future__ import annotations

import asyncio
import time
from random import Random

from tts.budget import Amounts, Wallet
from tts.errors import Suspended
from tts.eval.bench.report import Row, at_most, exactly, figure
from tts.ledger import MemoryLeases
from tts.values import Dimension, Usage

STEPS, MEMBERS = 100_000, 3
LARGEST = Usage(calls=1, prompt_tokens=400, completion_tokens=400, nanodollars=10**9)
"""The most that one call costs."""
RAISE = 50
"""Largest calls by which the job's ceilings rise where it was suspended."""


def at_random(steps: int = STEPS) -> list[Row]:
    """Breaches of `0 ≤ reserved` and `spent + reserved ≤ cap`, looked for after each step, and
    whether the wallets' own sums are those of what was done, to the nanodollar."""
    started = time.process_time()
    fleet = WalletFleet(Random(steps))
    asyncio.run(fleet.walk(steps))
    took = (time.process_time() - started) / steps * 1e6
    return [
        at_most(
            f"B4 steps of {steps:,} after which a wallet was overdrawn", fleet.overdrawn, "", bar=0
        ),
        at_most("B4 wallets whose sums are not those of their calls", fleet.miscounted, "", bar=0),
        exactly("B4 steps taken", fleet.steps, "", bar=steps),
        figure("B4 times that the ceilings were met", fleet.suspended, ""),
        figure("CPU of a step and its checks", took, "µs"),
    ]


class Member:
    """One process's wallet, with what it holds and has spent as the bench counts it."""

    def __init__(self, ceilings: dict[Dimension, int], leases: MemoryLeases) -> None:
        self.wallet = Wallet(ceilings, leases)
        self.holds: list[tuple[Amounts, Usage]] = []
        self.spent = [0] * len(ceilings)

    @property
    def used(self) -> list[int]:
        """What was spent, and what is held at its worst case, by dimension."""
        held = (amounts for amounts, _ in self.holds)
        return [sum(parts) for parts in zip(self.spent, *held, strict=True)]

    def settle(self, at: int, share: float) -> None:
        """A call ends: at its worst case, below it, or for nothing."""
        held, worst = self.holds.pop(at)
        billed = _part(worst, share)
        self.wallet.settle(held, billed)
        amounts = self.wallet.account.amounts(billed)
        self.spent = [mine + more for mine, more in zip(self.spent, amounts, strict=True)]


class WalletFleet:
    """Wallets on the leases of one job; a crashed one never gives back what it leased."""

    def __init__(self, random: Random) -> None:
        self._random, self._leases = random, MemoryLeases()
        self._cap: dict[Dimension, int] = {"calls": 0, "tokens": 0, "nanodollars": 0}
        self._raise()
        self._members = [Member(self._cap, self._leases) for _ in range(MEMBERS)]
        self._buried = [0] * len(self._cap)
        self.steps = self.overdrawn = self.miscounted = self.suspended = 0

    async def walk(self, steps: int) -> None:
        """So many steps, each of a wallet that is drawn, and a look at all of them behind each."""
        for _ in range(steps):
            place = self._random.randrange(MEMBERS)
            await self._step(place, self._members[place])
            self.steps += 1
            self.overdrawn += self._is_overdrawn()
        for place in range(MEMBERS):
            self._bury(place)

    async def _step(self, place: int, member: Member) -> None:
        drawn = self._random.random()
        if drawn < 0.001:
            self._bury(place)
        elif drawn < 0.002 and not member.holds:
            await member.wallet.close()
        elif drawn < 0.5 and member.holds:
            share = self._random.choice((0.0, 1.0, self._random.random()))
            member.settle(self._random.randrange(len(member.holds)), share)
        else:
            await self._reserve(member)

    async def _reserve(self, member: Member) -> None:
        """Hold a random worst case; where it would have to wait for an open call, one ends."""
        worst = _part(LARGEST, self._random.random())
        held = member.wallet.reserve_nowait(worst)
        if held is None and member.holds:
            member.settle(0, 1.0)
            held = member.wallet.reserve_nowait(worst)
        if held is None and not member.holds:
            try:
                held = await member.wallet.reserve(worst)
            except Suspended:
                self.suspended += 1
                await self._more()
        if held is not None:
            member.holds.append((held, worst))

    async def _more(self) -> None:
        self._raise()
        for member in self._members:
            await member.wallet.retune(self._cap)

    def _raise(self) -> None:
        for name in self._cap:
            self._cap[name] += RAISE * (getattr(LARGEST, name) or 0)

    def _bury(self, place: int) -> None:
        """A process ends without a word: what it held counts at its worst case for ever."""
        member = self._members[place]
        counted = [getattr(member.wallet.account.spent, name) for name in self._cap]
        self.miscounted += counted != member.spent
        self._buried = [sum(both) for both in zip(self._buried, member.used, strict=True)]
        self._members[place] = Member(self._cap, self._leases)

    def _is_overdrawn(self) -> bool:
        used = [
            sum(parts) for parts in zip(self._buried, *(m.used for m in self._members), strict=True)
        ]
        own = [
            0 <= amount <= room
            for member in self._members
            for amount, room in zip(member.used, member.wallet.account.ceilings, strict=True)
        ]
        caps = zip(used, self._cap.values(), strict=True)
        return not all(own) or any(amount > cap for amount, cap in caps)


def _part(usage: Usage, share: float) -> Usage:
    """A share of a usage, in whole units; a call is a call."""
    return Usage(
        calls=usage.calls,
        prompt_tokens=int(usage.prompt_tokens * share),
        completion_tokens=int(usage.completion_tokens * share),
        nanodollars=int((usage.nanodollars or 0) * share),
    )
