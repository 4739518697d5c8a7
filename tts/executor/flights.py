"""The physical calls on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tts.errors import (
    CallError,
    CallFailed,
    Crashed,
    LedgerError,
    Outage,
    StrategyError,
    Suspended,
    TTSError,
    Unauthorized,
)
from tts.executor.attempts import LEAVE, Attempts, crashed
from tts.executor.call import Call
from tts.executor.flight import Flight, call_row, text_row
from tts.executor.settlement import Settlement, failure
from tts.protocols import (
    Answer,
    Journal,
    OperationSpec,
    OutcomeRow,
    Reply,
    SettledRow,
    TextRow,
)
from tts.run import Run
from tts.values import NOTHING, Usage

INTERRUPTED = "The job was interrupted; it can be resumed."
MOST_ASKED = 1 << 12
"""Questions whose texts are known to be written: a text written again is the same row."""


class Flights:
    """One flight per key: whoever wants the same draw meanwhile joins it."""

    def __init__(
        self, journal: Journal, *, job: str, attempts: Attempts, settlement: Settlement
    ) -> None:
        self.journal, self.job = journal, job
        self.attempts, self.settlement = attempts, settlement
        self._by_key: dict[str, Flight] = {}
        self._flying: set[Flight] = set()
        self._aborted: set[Flight] = set()
        self._gathering: dict[object, list[Call]] = {}
        self._texts: set[bytes] = set()
        self._group = asyncio.TaskGroup()
        self._beside: set[asyncio.Task[Any]] = set()
        """Local coroutines, and joins that are being journalled."""

    @property
    def fatal(self) -> TTSError | None:
        """Why nothing more can be sent: the journal failed, or the credentials are wrong."""
        return self.attempts.fatal

    @fatal.setter
    def fatal(self, error: TTSError) -> None:
        self.attempts.fatal = self.attempts.fatal or error

    async def open(self) -> None:
        await self._group.__aenter__()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine beside the flights."""
        task = self._group.create_task(coroutine)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def close(self) -> None:
        """Abort what is still on its way, and wait until it is settled.

        The group never sees why its body ended: that error leaves as it is, not in a group of one.
        """
        self.attempts.fatal = self.attempts.fatal or Suspended(INTERRUPTED)
        for flight in self._flying:
            if flight.task is not None:
                flight.task.cancel()
        if self._beside:
            _, late = await asyncio.wait(self._beside, timeout=LEAVE)
            for task in late:
                task.cancel()
        await self._group.__aexit__(None, None, None)

    async def landed(self, run: Run) -> None:
        """Wait for the flights of a run that are ending: what they were billed is known then."""
        ending = (f for f in self._flying if f.answered or f in self._aborted)
        tasks = [f.task for f in ending if f.task and f.starter.run.root is run.root]
        if tasks:
            await asyncio.wait(tasks)

    def board(self, call: Call) -> None:
        """Join the flight of this key, or start one; draws that may travel together gather."""
        call.node.state = "running"
        flight, group = self._by_key.get(call.key), call.node.group
        if self.fatal is not None:
            self.settlement.stop(call, self.fatal)
        elif flight is not None:
            flight.join(call)
        elif group is None or not call.operation.spec.coalesce:
            self._start(Flight([call]))
        else:
            self._gather(group, call)

    def abandon(self, call: Call) -> Usage:
        """A use no longer wants its draw; returns what it would have cost alone so far."""
        attributed, flight = NOTHING, self._by_key.get(call.key)
        if flight is not None and flight.leave(call):
            if flight.sent:
                metered = flight.meter.usage
                known = metered is not None and len(flight.seats) == 1
                attributed = self.settlement.attributed(call, metered) if known else call.worst  # type: ignore[arg-type]
            if not flight.wanted and not flight.answered and flight.task is not None:
                flight.task.cancel()
                self._aborted.add(flight)
                self._leave(flight)
        return attributed

    def write(self, *rows: Any) -> None:
        """Journal without waiting; a broken journal stops every later call."""
        try:
            self.journal.write(*rows)
        except LedgerError as error:
            self.fatal = error

    def _gather(self, group: object, call: Call) -> None:
        if group not in self._gathering:
            self._gathering[group] = []
            asyncio.get_running_loop().call_soon(self._depart, group)
        self._gathering[group].append(call)

    def _depart(self, group: object) -> None:
        fresh: dict[str, list[Call]] = {}
        for call in self._gathering.pop(group):
            if call.node.settled:
                continue
            if self.fatal is not None:
                self.settlement.stop(call, self.fatal)
            elif call.key in self._by_key:
                self._by_key[call.key].join(call)
            else:
                fresh.setdefault(call.key, []).append(call)
        if fresh:
            flight = Flight([calls[0] for calls in fresh.values()])
            for call in (call for calls in fresh.values() for call in calls[1:]):
                flight.join(call)
            self._start(flight)

    def _leave(self, flight: Flight) -> None:
        """Nobody joins this flight any more."""
        for seat in flight.seats:
            if self._by_key.get(seat.key) is flight:
                del self._by_key[seat.key]

    def _start(self, flight: Flight) -> None:
        self._flying.add(flight)
        for seat in flight.seats:
            self._by_key[seat.key] = flight
            seat.starter.run.note(seat.starter.node, "started")
        flight.task = self._group.create_task(self._carry(flight))

    async def _carry(self, flight: Flight) -> None:
        try:
            await self.attempts.fly(flight, self._land)
        except asyncio.CancelledError:
            if flight.task is not None and not flight.task.cancelling():
                await self._crash(flight, Crashed("It cancelled itself."))
                return
            wanted = flight.wanted
            self._stop(flight, Suspended(INTERRUPTED))
            if wanted:
                raise
        except CallError as error:
            await self._crash(flight, error)
        except (CallFailed, StrategyError) as error:
            await self._crash(flight, crashed(error))
        except TTSError as error:
            self._stop(flight, error)
        except Exception as error:  # noqa: BLE001 — a bug in one operation must not hang the others
            await self._crash(flight, crashed(error))
        finally:
            self._leave(flight)
            flight.meter.hear = None
            self._flying.discard(flight)
            self._aborted.discard(flight)

    async def _land(self, flight: Flight, answer: Answer, settled: SettledRow) -> None:
        """Commit what came, then tell whoever waits, those included who joined meanwhile."""
        try:
            rows, written = self._rows(flight, answer)
        except Exception:
            self.write(settled)
            raise
        await self.journal.commit(settled, *rows)
        for seat, reply in zip(flight.seats, answer.replies, strict=True):
            for call in list(seat.calls):
                if isinstance(reply, CallError):
                    self.settlement.fail(call, reply)
                    continue
                if call not in written:
                    written[call] = self.settlement.attributed(call, reply.usage)
                    self.write(self.settlement.use_row(call, written[call], "joined"))
                self.settlement.deliver(call, reply.content, written[call])

    def _rows(self, flight: Flight, answer: Answer) -> tuple[list[Any], dict[Call, Usage]]:
        """What is committed of an answer, and what each use of it is charged."""
        rows: list[Any] = [*self._asked(flight)]
        written: dict[Call, Usage] = {}
        for seat, reply in zip(flight.seats, answer.replies, strict=True):
            if isinstance(reply, Reply):
                rows.append(call_row(flight, seat, reply, self.job))
                for call in seat.calls:
                    written[call] = self.settlement.attributed(call, reply.usage)
                    rows.append(self.settlement.use_row(call, written[call], seat.origin(call)))
            else:
                rows += [self._failed(call, reply) for call in seat.calls]
        return rows, written

    async def _crash(self, flight: Flight, error: CallError) -> None:
        """The last attempt failed: journalled, so that a replay repeats it, unless it may pass."""
        if isinstance(error, Unauthorized):
            self.fatal = error
            self._stop(flight, error)
            return
        if passes(flight.spec, error):
            self._stop(flight, Outage(f"{type(error).__name__}: {error}"))
            return
        try:
            await self.journal.commit(*(self._failed(call, error) for call in flight.calls))
        except LedgerError as broken:
            self._stop(flight, broken)
        for call in flight.take_all():
            self.settlement.fail(call, error)

    def _asked(self, flight: Flight) -> list[TextRow]:
        """The text of the question, where no earlier draw of it has brought it."""
        base = flight.starter.shared.base
        if base in self._texts:
            return []
        row = text_row(flight)
        if row is None:
            return []
        if len(self._texts) >= MOST_ASKED:
            self._texts.clear()
        self._texts.add(base)
        return [row]

    def _failed(self, call: Call, error: CallError) -> OutcomeRow:
        return call.run.outcome(call.id, "failed", failure(call, error))

    def _stop(self, flight: Flight, error: TTSError) -> None:
        if isinstance(error, LedgerError):
            self.fatal = error
        for call in flight.take_all():
            self.settlement.stop(call, error)


def passes(spec: OperationSpec, error: CallError) -> bool:
    """Whether a call that failed for the last time is tried again by a later process.

    A tool's failure is an answer to whoever called it, and what may have had an effect is never
    repeated silently.
    """
    harmless = error.sent == "not_sent" or spec.effect not in ("write", "irreversible")
    return error.retryable and harmless and spec.role != "tool"
