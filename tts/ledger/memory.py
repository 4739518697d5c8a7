"""The journal, the leases and the rates of one process that keeps nothing."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError, Future
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from tts.ledger.codec import of_bill
from tts.ledger.rate_windows import Amounts, block, draw
from tts.ledger.reader import CallCache
from tts.protocols import (
    SENT,
    CallRow,
    Committed,
    IntentRow,
    JobRow,
    OutcomeRow,
    RateLease,
    Row,
    RunRow,
    SettledRow,
    UseRow,
)
from tts.values import NOTHING, Dimension, Usage


class MemoryJournal:
    """A `Journal` in memory, for tests and for solving without a file.

    Commits resolve on the loop's next tick; what was written is in `rows`, in order.
    """

    def __init__(self, *, job: str = "memory") -> None:
        self.job = job
        self.rows: list[Row] = []
        self._found = CallCache()
        self._calls: dict[str, CallRow] = {}

    def find(self, key: str) -> CallRow | None:
        return self._found.find(key)

    def describe(self, *rows: Row) -> None:
        """What the job is made of."""
        self._keep(rows)

    def write(self, *rows: Row) -> None:
        self._keep(rows)

    def commit(self, *rows: Row) -> Future[None]:
        loop = asyncio.get_running_loop()
        future: Future[None] = loop.create_future()
        loop.call_soon(self._deliver, rows, future)
        return future

    def commit_then(self, then: Committed, *rows: Row) -> None:
        self.commit(*rows).add_done_callback(partial(_tell, then))

    def _deliver(self, rows: Sequence[Row], future: Future[None]) -> None:
        self._keep(rows)
        if not future.done():
            future.set_result(None)

    def _keep(self, rows: Sequence[Row]) -> None:
        self.rows.extend(rows)
        fresh = [row for row in rows if isinstance(row, CallRow) and row.key not in self._calls]
        self._calls.update({row.key: row for row in fresh})
        self._found.add(fresh)

    async def load(self, problem_id: str) -> None:
        used = {use.key for run in self._runs_of(problem_id) for use in await self.uses(run)}
        calls = self._calls.values()
        self._found.load(
            problem_id, [c for c in calls if c.problem_id == problem_id or c.key in used]
        )

    def forget(self, problem_id: str) -> None:
        self._found.forget(problem_id)

    def is_new(self, run_id: str, problem_id: str) -> bool:
        return False

    async def uses(self, run_id: str) -> Sequence[UseRow]:
        rows = (row for row in self.rows if isinstance(row, UseRow) and row.run_id == run_id)
        return list({row.node: row for row in rows}.values())

    async def outcomes(self, run_id: str) -> Sequence[OutcomeRow]:
        return [r for r in self.rows if isinstance(r, OutcomeRow) and r.run_id == run_id]

    async def billed(self, run_id: str) -> Usage:
        sent = {r.attempt: r for r in self.rows if isinstance(r, IntentRow) and r.run_id == run_id}
        bills = {attempt: row.worst for attempt, row in sent.items()}
        ended = (r for r in self.rows if isinstance(r, SettledRow) and r.attempt in sent)
        bills |= {row.attempt: row.billed for row in ended}
        return sum(map(of_bill, bills.values()), NOTHING)

    async def runs(self, problems: Collection[str] | None = None) -> Sequence[RunRow]:
        runs = {row.run_id: row for row in self.rows if isinstance(row, RunRow)}.values()
        return [row for row in runs if problems is None or row.problem_id in problems]

    async def ended(self) -> Collection[str]:
        return {row.run_id for row in await self.runs() if row.result is not None}

    async def reopen(self, runs: Sequence[str]) -> None:
        """Make ended runs open again, as the durable ledger does."""
        self.rows = [row for row in self.rows if not _decided(row, runs)]

    async def recorded(self) -> JobRow | None:
        return next((row for row in self.rows if isinstance(row, JobRow)), None)

    async def close(self) -> None:
        """Nothing is held."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _runs_of(self, problem_id: str) -> list[str]:
        runs = (row for row in self.rows if isinstance(row, RunRow))
        return list({row.run_id for row in runs if row.problem_id == problem_id})


def _tell(then: Committed, future: Future[None]) -> None:
    then(CancelledError() if future.cancelled() else future.exception())


def _decided(row: Row, runs: Sequence[str]) -> bool:
    """Whether a row says how one of the runs went."""
    if not isinstance(row, UseRow | OutcomeRow | RunRow) or row.run_id not in runs:
        return False
    if isinstance(row, RunRow):
        return row.stopped_by is not None
    return not (isinstance(row, OutcomeRow) and row.node.endswith(SENT))


class MemoryLeases:
    """`Leases` in memory: every claim is granted, and nobody else draws."""

    rates = None
    """Limits of rates stay this process's own."""

    def __init__(self) -> None:
        self.held: dict[Dimension, int] = {}

    async def claim(self, *names: str) -> frozenset[str]:
        return frozenset(names)

    async def release(self, *names: str) -> None:
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
