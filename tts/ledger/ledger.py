"""The durable journal of one job."""

from __future__ import annotations

import asyncio
import atexit
from asyncio import Future
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Text, delete, literal, select, update
from sqlalchemy.exc import SQLAlchemyError

from tts.errors import LedgerError
from tts.ledger.connect import Synchronous, chunks, connect, explained
from tts.ledger.names import Names
from tts.ledger.process import HEARTBEAT, Process, beat, close_process, lease, neighbours, presence
from tts.ledger.reader import CallCache, Reader
from tts.ledger.schema import migrate
from tts.ledger.session import asked, transaction
from tts.ledger.tables import DONE, LEASES, OUTCOMES, RUNS, USE_ROWS
from tts.ledger.watching import Watcher, exporters
from tts.ledger.writer import Chore, Entry, Writer, resolving
from tts.protocols import (
    SENT,
    CallRow,
    Committed,
    IntentRow,
    JobRow,
    OutcomeRow,
    Row,
    RunRow,
    UseRow,
)
from tts.values import Usage

T = TypeVar("T")


def is_work(row: Row) -> bool:
    """Whether a row says that something is being sent, or has ended."""
    return isinstance(row, IntentRow) or (isinstance(row, RunRow) and row.result is not None)


class Ledger:
    """A `Journal` in SQLite or PostgreSQL. Open it with `open`, close it with `close`."""

    def __init__(
        self,
        engine: Engine,
        *,
        job: str,
        process: Process,
        patience: float,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self.job = job
        self.process = process
        self._watchers = watchers
        self._engine = engine
        self._found = CallCache()
        self._reader = Reader(engine, job=job)
        self._writer = Writer(
            engine,
            process=process.token,
            patience=patience,
            rest=HEARTBEAT,
            committed=self._found.add,
            heartbeat=lambda connection: beat(connection, process, job=job),
        )
        self._outbox: list[Entry] = []
        self._first: tuple[Row, ...] = ()
        self._alone = False
        """No other process has worked on the job since it was opened here."""
        self._known = Names()
        """Problems and runs of which there may be rows."""
        self._mine: dict[str, set[str]] = {}
        """The same by problem, of those that nobody else may work on."""
        atexit.register(self._end)

    @classmethod
    def open(
        cls,
        place: str | Path,
        *,
        job: str,
        synchronous: Synchronous = "normal",
        patience: float = 30.0,
        watched_by: Sequence[Watcher] = (),
    ) -> Ledger:
        """Open the ledger at a path or a URL, migrating it where it is older.

        `patience`: seconds to wait for other writers. `watched_by`: told of all that is written,
        beside what the environment asks for. Raises `LedgerError`, `BadInput`, or `UsageError` where
        spans are wanted and cannot be exported.
        """
        told = (*watched_by, *exporters())
        engine = connect(place, synchronous=synchronous, patience=patience)
        process = Process.current()
        try:
            migrate(engine)
            known, alone = asked(engine, lambda connection: enter(connection, process, job))
        except (SQLAlchemyError, LedgerError) as error:
            engine.dispose()
            raise explained(error, engine.url.render_as_string()) from error
        ledger = cls(engine, job=job, process=process, patience=patience, watchers=told)
        ledger._known, ledger._alone = Names(known), alone
        return ledger

    @property
    def engine(self) -> Engine:
        """The database, for what is asked beside the journal; closed with it."""
        return self._engine

    async def close(self) -> None:
        """Write what is pending and end this process's leases."""
        atexit.unregister(self._end)
        try:
            if self._writer.failure is None:
                ending = partial(close_process, job=self.job, token=self.process.token)
                await self.perform(ending, lock=self.job)
        finally:
            await asyncio.to_thread(self._end)
            self._engine.dispose()
            for watcher in self._watchers:
                await asyncio.to_thread(watcher.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def find(self, key: str) -> CallRow | None:
        return self._found.find(key)

    def write(self, *rows: Row) -> None:
        self._writer.check()
        self._hand_over(Entry(rows))

    def commit(self, *rows: Row) -> Future[None]:
        self._writer.check()
        loop = asyncio.get_running_loop()
        future: Future[None] = loop.create_future()
        self._hand_over(Entry(rows, told=resolving(future), loop=loop))
        return future

    def commit_then(self, then: Committed, *rows: Row) -> None:
        self._writer.check()
        loop = asyncio.get_running_loop()
        self._hand_over(Entry(rows, told=lambda error, _: then(error), loop=loop))

    def describe(self, *rows: Row) -> None:
        """What the job is made of: written with the first call that is sent or run that ends, so
        that a start which sent nothing binds nobody."""
        self._first = rows

    async def perform(
        self, task: Callable[[Connection], T], *, lock: str = "", alive: bool = False
    ) -> T:
        """Run a repeatable task in a transaction, after everything written before it.

        `lock`: held to the end of the transaction, against tasks of other processes. `alive`: raises
        `LedgerError` where others took this process for dead.
        """
        self._writer.check()
        loop = asyncio.get_running_loop()
        future: Future[T] = loop.create_future()
        chore = Chore(task, lock=lock, alive=alive)
        self._hand_over(Entry(told=resolving(future), loop=loop, chore=chore))
        return await future

    def _hand_over(self, entry: Entry) -> None:
        """Give the writer all that one turn of the loop wrote at once: waking it costs more."""
        for watcher in self._watchers:
            watcher(entry.rows)
        if self._first and any(map(is_work, entry.rows)):
            entry.rows, self._first = (*self._first, *entry.rows), ()
        self._outbox.append(entry)
        if len(self._outbox) > 1:
            return
        try:
            asyncio.get_running_loop().call_soon(self._flush)
        except RuntimeError:
            self._flush()

    def _flush(self) -> None:
        entries, self._outbox = self._outbox, []
        self._writer.put(entries)

    def _end(self) -> None:
        """Write what is pending and end the writer; blocks."""
        self._flush()
        self._writer.close()

    def meet(self, neighbours: bool) -> None:
        """Whether others work on the job: what they write here is not known to this process."""
        self._alone = self._alone and not neighbours

    def hold(self, problems: Mapping[str, set[str]]) -> None:
        """Nobody else works on these problems until `let_go`; of each, the names that `begun` gives."""
        self._mine.update(problems)

    def let_go(self, problems: Collection[str]) -> None:
        for problem in problems:
            for name in self._mine.pop(problem, ()):
                self._known.add(name)

    def _may_hold(self, name: str, problem_id: str) -> bool:
        """Whether there may be rows of a problem or of a run on it; asked again, there may."""
        known = self._mine.get(problem_id, self._known if self._alone else None)
        if known is None or name in known:
            return True
        known.add(name)
        return False

    def is_new(self, run_id: str, problem_id: str) -> bool:
        return not self._may_hold(run_id, problem_id)

    async def load(self, problem_id: str) -> None:
        self._writer.check()
        if not self._may_hold(problem_id, problem_id):
            return
        self._found.load(problem_id, await self._read(self._reader.calls, problem_id))

    def forget(self, problem_id: str) -> None:
        self._mine.get(problem_id, self._known).add(problem_id)
        self._found.forget(problem_id)

    async def uses(self, run_id: str) -> Sequence[UseRow]:
        return await self._read(self._reader.uses, run_id)

    async def outcomes(self, run_id: str) -> Sequence[OutcomeRow]:
        return await self._read(self._reader.outcomes, run_id)

    async def billed(self, run_id: str) -> Usage:
        return await self._read(self._reader.billed, run_id)

    async def runs(self, problems: Collection[str] | None = None) -> Sequence[RunRow]:
        """The runs of the job, or of some problems; those that ended have `stopped_by`."""
        if problems is not None:
            problems = [one for one in problems if self._mine.get(one) != set()]
        return await self._read(self._reader.runs, problems) if problems != [] else ()

    async def ended(self) -> Collection[str]:
        """The ids of the runs of the job that have ended."""
        return await self._read(self._reader.ended)

    async def reopen(self, runs: Sequence[str]) -> None:
        """Make ended runs open again: a new attempt at each decides afresh and finds its finished
        calls by key. That a call with an effect was sent stays on the record."""
        await self.perform(lambda connection: reopen(connection, self.job, runs))

    async def recorded(self) -> JobRow | None:
        """The job as it was first written, with its manifest; None: it is new."""
        return await self._read(self._reader.job)

    async def text(self, key: str) -> str | None:
        """A stored prompt by its hash."""
        return await self._read(self._reader.text, key)

    async def _read(self, question: Callable[..., T], *args: Any) -> T:
        """Ask in a thread, once everything written before is there to be found."""
        await self.commit()
        return await asyncio.to_thread(question, *args)


def enter(connection: Connection, process: Process, job: str) -> tuple[set[str], bool]:
    """Begin to work on a job: the names that `begun` gives, and whether nobody else works on it."""
    with transaction(connection, lock=job):
        mine = presence(job) & (LEASES.c.name == process.token)
        connection.execute(delete(LEASES).where(mine))  # where a commit was not heard of
        lease(connection, process, job=job, kind="process", names=[process.token])
        return begun(connection, job), not neighbours(connection, process, job=job)


def begun(connection: Connection, job: str) -> set[str]:
    """The names by which `Ledger` knows the problems and runs of a job."""
    rows = connection.execute(select(RUNS.c.run_id, RUNS.c.problem_id).where(RUNS.c.job == job))
    return {name for row in rows for name in row}


def reopen(connection: Connection, job: str, runs: Sequence[str]) -> None:
    """Put runs of a job aside under other ids, as what was tried before; their calls stay."""
    before = literal(f"before-{token_hex(4)}-", Text)
    for chosen in chunks(runs):
        for table in (DONE, USE_ROWS, OUTCOMES, RUNS):
            rows: ColumnElement[bool] = table.c.run_id.in_(chosen)
            if table is not DONE:  # whose runs are of one job as their ids are
                rows &= table.c.job == job
            if table is OUTCOMES:
                rows &= ~table.c.node.endswith(SENT, autoescape=True)
            aside = before + table.c.run_id
            connection.execute(update(table).where(rows).values(run_id=aside))
