"""A slot is a call's until its answer is on the record."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.engine import Job
from tts.errors import BadReply, CallFailed, NotSent, RateLimited, TTSError, Unavailable
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimiter
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow, IntentRow, SettledRow
from tts.strategies import MajorityVote
from tts.values import Budget

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
        loop = asyncio.get_running_loop()
        durable = loop.create_future()
        loop.call_later(1.0, self._landed, rows, durable)
        return durable

    def _landed(self, rows: Any, durable: Any) -> None:
        self._deliver(rows, durable)
        self.open -= sum(isinstance(row, CallRow) for row in rows)


def test_no_more_calls_are_uncommitted_than_there_are_slots(lab: Any) -> None:
    journal, model = SlowJournal(), lab.scripted(LINES)
    result = lab.run(lab.solve(MajorityVote(n=12), model, journal=journal, limit=3))
    assert len(result.candidates) == 12
    assert journal.most_open == 3


Act = Literal["draw", "twin", "hear", "drop the first", "drop the last", "wait"]
TURNS = [
    *("draws", "draws", "never", "now"),
    *(NotSent("gone"), Unavailable("down"), RateLimited("slow", retry_after=1.5), BadReply("what")),
    ZeroDivisionError("bug"),
]
PAUSES = st.sampled_from([None, 0.0, 0.5, 1.0, 2.5])
"""Seconds until the next act; None: it follows at once."""


async def acted(run: Any, problem: Any, acts: Any) -> None:
    nodes: list[Any] = []
    for pause, act in acts:
        if pause is not None:
            await asyncio.sleep(pause)
        if act in ("draw", "hear"):
            nodes += run.sample(problem, n=2)
        elif act == "twin":
            nodes += run.sample(problem, temperature=0)
        elif nodes and act == "wait":
            with suppress(CallFailed):
                await nodes[-1]
        elif nodes and act.startswith("drop"):
            run.drop([nodes.pop(0 if act.endswith("first") else -1)])
        if act == "hear":
            nodes[-1].hear(lambda _: None)
    await run.all(nodes)


@settings(max_examples=300)
@given(
    acts=st.lists(st.tuples(PAUSES, st.sampled_from(get_args(Act))), max_size=10),
    turns=st.lists(st.sampled_from(TURNS), max_size=12),
    limit=st.integers(1, 3),
    closes=st.sampled_from([None, 0.0, 0.5, 1.0, 1.5, 3.0, 6.0]),
    slow=st.booleans(),
    per_minute=st.sampled_from([None, 40]),
    wallet=st.sampled_from([None, 6, 40]),
)
def test_every_slot_and_all_money_come_back_whatever_happens_in_whatever_order(
    lab: Any,
    acts: Any,
    turns: Any,
    limit: int,
    closes: float | None,
    slow: bool,
    per_minute: int | None,
    wallet: int | None,
) -> None:
    inner = lab.Slow(lab.words(lambda *_: "\\boxed{7}"), fixed=1.0)
    gate, book = Gate(limit), SlowJournal() if slow else MemoryJournal(job="lab")
    faults: list[Any] = []

    async def main() -> Job:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: faults.append(what))
        rates = {"scripted": RateLimiter(per_minute, None)} if per_minute else {}
        session = lab.session(lab.Callbacks(inner, *turns), gate=gate, rates=rates, timeout=4.0)
        cap = Budget(calls=wallet) if wallet else None
        job = Job(session, name="lab", journal=book, leases=MemoryLeases(), wallet=cap)
        strategy = lab.Told(lambda problem, run: acted(run, problem, acts))
        async with job:
            solving = asyncio.create_task(job.solve(lab.problem, strategy))
            await asyncio.wait([solving], timeout=closes)
        with suppress(TTSError):
            await asyncio.wait_for(solving, 99.0)
        await asyncio.sleep(5.0)
        assert len(asyncio.all_tasks()) == 1
        assert (gate.statistics().in_flight, gate.statistics().waiting) == (0, 0)
        return job

    account = lab.run(main()).wallet.account
    assert inner.open == account.open == 0 and not any(account._held)
    assert len(lab.rows(book, IntentRow)) == len(lab.rows(book, SettledRow))
    assert not faults


@pytest.mark.parametrize("by_callbacks", [True, False])
def test_an_ended_wallet_is_not_waited_for_at_the_pace_of_a_rate(
    lab: Any, by_callbacks: bool
) -> None:
    words = lab.words(lambda *_: "\\boxed{7}")
    taken = list[float]()

    async def solve(problem: Any, run: Any) -> None:
        await run.all(run.sample(problem, n=500))

    async def main() -> Any:
        session = lab.session(
            lab.Callbacks(words) if by_callbacks else words,
            gate=Gate(4),
            rates={"scripted": RateLimiter(60, None)},
        )
        cap = Budget(calls=3)
        job = Job(
            session, name="lab", journal=MemoryJournal(job="lab"), leases=MemoryLeases(), wallet=cap
        )
        async with job:
            found = await job.solve(lab.problem, lab.Told(solve))
        taken.append(asyncio.get_running_loop().time())
        return found

    assert lab.run(main()).stopped_by == "suspended"
    assert len(words.requests) == 3
    assert taken[0] < 30, "seconds; 500 calls of one a second are far more"
