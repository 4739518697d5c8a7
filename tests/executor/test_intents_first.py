"""With `intents_first`, a process that is killed has sent nothing that is not on record."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import IntentRow, SettledRow
from tts.strategies import MajorityVote
from tts.values import NOTHING, Budget


class HeldJournal(MemoryJournal):
    """Intents become durable once `free` is set."""

    def __init__(self) -> None:
        super().__init__(job="held")
        self.free = asyncio.Event()
        self.asked = asyncio.Event()

    def commit(self, *rows: Any) -> Any:
        return asyncio.ensure_future(self._held(*rows))

    async def _held(self, *rows: Any) -> None:
        if any(isinstance(row, IntentRow) for row in rows):
            self.asked.set()
            await self.free.wait()
        await super().commit(*rows)


async def test_nothing_is_sent_before_its_intent_is_on_disk(lab: Any) -> None:
    generator, journal = lab.words("\\boxed{42}"), HeldJournal()
    session = lab.session(generator)
    job = Job(session, name="held", journal=journal, leases=MemoryLeases(), intents_first=True)
    async with job:
        solving = asyncio.ensure_future(job.solve(lab.problem, MajorityVote(n=3)))
        await journal.asked.wait()
        await asyncio.sleep(0.01)
        assert generator.requests == []
        journal.free.set()
        assert (await solving).usage.calls == 3
    assert len(generator.requests) == 3


async def test_what_nobody_wants_any_more_before_it_was_sent_costs_nothing(lab: Any) -> None:
    generator, journal = lab.words("\\boxed{42}"), HeldJournal()
    leases = MemoryLeases()
    job = Job(
        lab.session(generator),
        name="held",
        journal=journal,
        leases=leases,
        wallet=Budget(tokens=100_000),
        intents_first=True,
    )
    async with job:
        solving = asyncio.ensure_future(job.solve(lab.problem, MajorityVote(n=3)))
        await journal.asked.wait()
        solving.cancel()
        await asyncio.wait((solving,))
        await asyncio.sleep(0)
        assert generator.requests == []
        assert job.wallet.account.spent == NOTHING
    ended = [row for row in journal.rows if isinstance(row, SettledRow)]
    assert [(row.state, row.billed) for row in ended] == [("not_sent", NOTHING)] * 3
