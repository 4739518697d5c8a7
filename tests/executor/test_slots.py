"""A slot is a call's until its answer is on the record."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.ledger import MemoryJournal
from tts.protocols import CallRow, IntentRow
from tts.strategies import MajorityVote

LINES = [f"{i} \\boxed{{{i}}}" for i in range(16)]


class SlowJournal(MemoryJournal):
    """Commits after a second; keeps how many calls were sent and not yet committed, at most."""

    def __init__(self) -> None:
        super().__init__(job="lab")
        self.open = self.most_open = 0

    def write(self, *rows: Any) -> None:
        self.open += sum(isinstance(row, IntentRow) for row in rows)
        self.most_open = max(self.most_open, self.open)
        super().write(*rows)

    def commit(self, *rows: Any) -> Any:
        return asyncio.ensure_future(self._later(rows))

    async def _later(self, rows: Any) -> None:
        await asyncio.sleep(1.0)
        await super().commit(*rows)
        self.open -= sum(isinstance(row, CallRow) for row in rows)


def test_no_more_calls_are_uncommitted_than_there_are_slots(lab: Any) -> None:
    journal, model = SlowJournal(), lab.scripted(LINES)
    result = lab.run(lab.solve(MajorityVote(n=12), model, journal=journal, limit=3))
    assert len(result.candidates) == 12
    assert journal.most_open == 3
