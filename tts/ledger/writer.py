"""The one thread that writes, and what is handed over to it."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Engine

from tts.errors import LedgerError, TTSError
from tts.ledger.attempts import Attempts
from tts.ledger.batch import Batch
from tts.ledger.connect import explained
from tts.ledger.salvage import refusal, refuses, salvage
from tts.ledger.session import Session, exclusive
from tts.ledger.statements import statements
from tts.protocols import Row

Told = Callable[[BaseException | None, Any], None]
"""Told what went wrong with an entry, or else the value of its task."""


class Chore(Struct, frozen=True):
    """A repeatable task within a transaction."""

    task: Callable[[Connection], Any]
    lock: str = ""
    """Of this name, held to the transaction's end; empty: none."""
    alive: bool = False
    """Only while nobody took this process for dead."""


class Entry:
    """Rows to write, or something to do in the transaction; and who is told, on which loop."""

    __slots__ = ("chore", "error", "loop", "rows", "told", "value")

    def __init__(
        self,
        rows: Sequence[Row] = (),
        *,
        told: Told | None = None,
        loop: AbstractEventLoop | None = None,
        chore: Chore | None = None,
    ) -> None:
        self.rows, self.chore = rows, chore
        self.told, self.loop = told, loop
        self.value: Any = None
        self.error: BaseException | None = None


def resolving(future: Future[Any]) -> Told:
    """Tells a future."""

    def told(error: BaseException | None, value: Any) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
            # Nobody has to await a commit; the next write raises the same error.
            future.exception()

    return told


def deliver(entries: Iterable[Entry]) -> None:
    """Tell those who wait for a batch in order, waking each event loop once."""
    loops: dict[AbstractEventLoop, list[Entry]] = {}
    for entry in entries:
        if entry.loop is not None:
            loops.setdefault(entry.loop, []).append(entry)
    for loop, waiting in loops.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(tell, waiting)


def tell(entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.told is not None:
            entry.told(entry.error, entry.value)


MANY = 8
"""Entries of a transaction, from which on the next one waits until more have come."""

PAUSE = 0.008
"""Seconds that it waits then: a transaction costs as much as several of its calls."""

DUTY = 4.0
"""Or so many times the duration of the last one, where that is longer; so a busy writer takes at
most a fifth of the time, however slow the machine."""

LONGEST = 0.05
"""Seconds: the longest wait."""


Way = Literal["together", "one by one", "row by row"]
"""How a batch was, or is to be, written."""


class Writer:
    """Commits whatever is pending as soon as it is free, on a connection of its own.

    `committed` is called in the writer's thread with the rows of a batch once they are durable,
    `heartbeat` within a transaction at least every `rest` seconds. After a failure every pending and
    later entry fails with the same `LedgerError`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        process: str,
        patience: float,
        rest: float,
        committed: Callable[[Sequence[Row]], None],
        heartbeat: Callable[[Connection], None],
    ) -> None:
        self.failure: LedgerError | None = None
        self._place = engine.url.render_as_string(hide_password=True)
        self._rest, self._beat_at = rest, time.monotonic()
        self._attempts = Attempts(process)
        self._committed, self._heartbeat = committed, heartbeat
        self._session = Session(engine, patience=patience)
        self._statements = statements(engine.dialect)
        self._due = 0.0
        """When the next transaction may begin, by the monotonic clock."""
        self._queue: SimpleQueue[Sequence[Entry] | None] = SimpleQueue()
        self.put = self._queue.put
        """Hands over what one turn of a loop wrote; waking the thread costs more than a row."""
        self._thread = Thread(target=self._work, name="tts-ledger", daemon=True)
        self._thread.start()

    def refusal(self) -> LedgerError:
        """A fresh copy of the failure: an exception that is raised twice grows a traceback."""
        failure = self.failure or LedgerError()
        return type(failure)(*failure.args)

    def check(self) -> None:
        """Raises `LedgerError` once a write has failed."""
        if self.failure is not None:
            raise self.refusal()

    def close(self) -> None:
        """Write what is pending and end the thread; blocks."""
        self._queue.put(None)
        self._thread.join()
        self.failure = self.failure or LedgerError("The ledger is closed.")
        late, _ = self._take(wait=0)
        self._serve(late)
        deliver(late)

    def _work(self) -> None:
        going = True
        while going:
            entries, going = self._take(wait=self._rest)
            self._serve(entries)
            deliver(entries)
        self._session.close()

    def _take(self, *, wait: float) -> tuple[list[Entry], bool]:
        """Everything pending, and whether more may come; waits so many seconds for the first."""
        try:
            pending = [self._queue.get(timeout=wait)]
        except Empty:
            return [], True
        self._breathe()
        pending += [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        return [entry for turn in pending if turn for entry in turn], None not in pending

    def _breathe(self) -> None:
        """Leave a busy processor to others: a transaction costs as much as several of its calls."""
        early = self._due - time.monotonic()
        if early > 0:
            time.sleep(early)

    def _serve(self, entries: Sequence[Entry]) -> None:
        try:
            if self.failure is None:
                self._write(entries)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            self.failure = explained(error, self._place)
        if self.failure is not None:
            for entry in entries:
                entry.error = entry.error or self.refusal()

    def _write(self, entries: Sequence[Entry]) -> None:
        """All that is pending, in one transaction: each costs as much as several of its calls."""
        rows = [row for entry in entries for row in entry.rows]
        chores = [entry for entry in entries if entry.chore is not None]
        due = time.monotonic() - self._beat_at >= self._rest
        if not rows and not chores and not due:
            return
        began = time.monotonic()
        batch = Batch(rows, attempts=self._attempts)
        way = self._together(batch, chores, due)
        if way == "row by row":
            refused = self._session.persist(partial(salvage, batch, self._statements))
            for entry in entries:
                entry.error = refusal(refused, entry.rows)
            rows = [row for entry in entries if entry.error is None for row in entry.rows]
        if way != "together":
            self._one_by_one(chores)
        ended = time.monotonic()
        self._beat_at = ended if due and way != "row by row" else self._beat_at
        self._committed(rows)
        self._due = ended + rest_after(len(entries), ended - began)

    def _together(self, batch: Batch, chores: Sequence[Entry], due: bool) -> Way:
        """Rows and chores in one transaction; the way that is left where that is refused.

        It returns first: an error that is being handled holds the cursor, and that the database.
        """
        write = partial(batch.run, statements=self._statements)
        try:
            self._session.persist(partial(self._do, chores=chores, due=due), first=write)
        except LedgerError:
            raise
        except TTSError:  # what one of the chores is refused for undid all
            self._session.persist(partial(self._do, chores=(), due=due), first=write)
            return "one by one"
        except Exception as error:
            if not refuses(error):
                raise
            return "row by row"
        return "together"

    def _do(self, connection: Connection, chores: Sequence[Entry], due: bool) -> None:
        """The locks first and in one order, so that no two processes wait for each other."""
        doing = [(entry, entry.chore) for entry in chores if entry.chore is not None]
        if due or any(chore.alive for _, chore in doing):
            self._heartbeat(connection)
        for lock in sorted({chore.lock for _, chore in doing if chore.lock}):
            exclusive(connection, lock)
        for entry, chore in doing:
            entry.value = chore.task(connection)

    def _one_by_one(self, chores: Sequence[Entry]) -> None:
        for entry in chores:
            try:
                self._session.persist(partial(self._do, chores=(entry,), due=False))
            except LedgerError:
                raise
            except TTSError as error:
                entry.error = error


def rest_after(entries: int, took: float) -> float:
    """Seconds between a transaction and the next one."""
    return min(max(PAUSE, DUTY * took), LONGEST) if entries >= MANY else 0.0
