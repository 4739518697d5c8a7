"""How calls end: what came is committed, charged to its runs, and told to whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tts.errors import (
    Barred,
    BudgetExhausted,
    CallError,
    CallFailed,
    Dropped,
    LedgerError,
    Outage,
    Stopped,
    StrategyError,
    Suspended,
    TTSError,
    crashed,
)
from tts.executor.attempts import Attempts, Pricer
from tts.executor.call import Call
from tts.executor.ceiling import kept_key, note_length, was_cut
from tts.executor.request import Request, RequestedDraw, call_row, text_row, use_row
from tts.executor.reuse import due, given_up
from tts.protocols import (
    Answer,
    Journal,
    OperationSpec,
    Origin,
    OutcomeRow,
    Reply,
    SettledRow,
    TextRow,
    UseRow,
)
from tts.run import Node
from tts.run.costs import Paid
from tts.values import NOTHING, Event, SpendEvent, Usage

FOREIGN = (Exception, BaseExceptionGroup, SystemExit)
"""What code of a strategy or an operation may raise as a failure of its node."""


INTERRUPTED = "The job was interrupted; it can be resumed."
MOST_ASKED = 1 << 12
"""Questions whose texts are known to be written: a text written again is the same row."""

Written = set[Call]
"""The uses of an answer whose rows were committed with it."""


class Settlement:
    """Charges attributed cost and resolves nodes; the only place that does either for calls."""

    def __init__(self, *, job: str, price: Pricer, observe: Callable[[Event], None]) -> None:
        self.job, self.price, self.observe = job, price, observe
        self.open: dict[Node[Any], Call] = {}
        """Calls that were asked for and have not ended."""

    def deliver(self, call: Call, content: Any, usage: Usage) -> None:
        """The call was answered; a text that its budget cut is charged, and refused all the same."""
        note_length(call, content)
        with call.run.queue.deciding_after():
            charged = call.charged_before
            if charged is None:
                charged = self.due(call, content, usage, call.run.charged)
            self.charge(call, charged)
            try:
                value = call.operation.value(call.args, content, call.key)
            except FOREIGN as error:
                fail_node(call.node, error)
            else:
                self._tell(call, content, value)

    def _tell(self, call: Call, content: Any, value: Any) -> None:
        if call.ceiling is not None and was_cut(call, content):
            call.run.keep_cut(call.node, value)
            call.node.fail(BudgetExhausted.recorded(call.ceiling.shortfall), "refused")
        else:
            call.node.resolve(value)

    def fail(self, call: Call, error: CallError) -> None:
        """The last attempt failed: data for whoever awaits it."""
        self.charge(call, NOTHING)
        call.node.fail(CallFailed(failure(call, error), error))

    def stop(self, call: Call, error: TTSError) -> None:
        """Nothing more can be sent."""
        self.charge(call, NOTHING)
        fail_node(call.node, error)

    def charge(self, call: Call, attributed: Usage) -> None:
        """Turn the call's hold into what it would have cost alone."""
        self.open.pop(call.node, None)
        call.run.settings.recorded.attributed.pop(call.id, None)
        if call.state == "admitted":
            call.run.queue.settle(call, attributed)
            role, spend = call.operation.spec.role, call.run.spend
            spend[role] = spend.get(role, NOTHING) + attributed
        if call.run.settings.watched:
            self.observe(
                SpendEvent(call.run.settings.run_id, call.id, attributed, call.run.root.billed)
            )

    def alone(self, call: Call, usage: Usage) -> Usage:
        """What a call of that usage would have cost, whatever its Run did before."""
        return self.priced(call, call.operation.attributed(usage, first=call.first))

    def given_up(self, call: Call, metered: Usage | None) -> Usage:
        """What a call is charged that was dropped on its way: as metered, or at worst."""
        alone = call.worst if metered is None else self.alone(call, metered)
        return given_up(call, alone, self.price)

    def priced(self, call: Call, usage: Usage) -> Usage:
        return self.price(call.operation.spec.model, usage)

    def due(self, call: Call, content: Any, usage: Usage, paid: Paid) -> Usage:
        """What an answered call is charged beside what its Run has paid for."""
        if call.cost is None:
            call.cost = self.alone(call, usage)
        return due(call, call.cost, content, usage, paid, self.price)

    def use_row(self, call: Call, key: str, content: Any, usage: Usage, origin: Origin) -> UseRow:
        call.due = self.due(call, content, usage, call.run.written)
        return use_row(call, key, call.due, origin, self.job)


def fail_node(node: Node[Any], error: BaseException) -> None:
    """Fail a node with an error of its own code: a refusal stays one, a bug names the node."""
    if isinstance(error, Stopped):
        node.fail(error, "refused")
    elif isinstance(error, Dropped):
        node.fail(error, "dropped")
    elif isinstance(error, TTSError):
        node.fail(error)
    else:
        node.fail(fault(node, error))


def fault(node: Node[Any], error: BaseException) -> TTSError:
    """An error of a node's own code, with the node's name."""
    if isinstance(error, TTSError):
        return error
    wrapped = StrategyError(f"{node.name} raised {type(error).__name__}: {error}")
    seen = error.__traceback__
    wrapped.__cause__ = error.with_traceback(seen and seen.tb_next)  # ours holds the node
    return wrapped


def failure(call: Call, error: CallError) -> str:
    """How a failed call is worded, now and in every replay."""
    return f"{call.node.name}: {type(error).__name__}: {error}"


class Landing:
    """Rows first, values after: nobody sees an answer that is not on the disk."""

    def __init__(
        self, journal: Journal, *, job: str, attempts: Attempts, settlement: Settlement
    ) -> None:
        self._journal, self._job = journal, job
        self._attempts, self._settlement = attempts, settlement
        self._texts: set[bytes] = set()

    def rows(
        self, request: Request, answer: Answer, settled: SettledRow
    ) -> tuple[list[Any], Written]:
        """What is committed of an answer, behind the settlement of its attempt.

        In this order a ledger keeps an attempt, its call and the use that made it as one row.
        """
        try:
            rows, written = self._rows(request, answer)
        except Exception:
            self.write(settled)
            raise
        return [settled, *rows], written

    def deliver(self, request: Request, answer: Answer, written: Written) -> None:
        """Tell whoever waits, those included who joined meanwhile."""
        for drawn, reply in zip(request.drawn, answer.replies, strict=True):
            for call in list(drawn.calls):
                if isinstance(reply, CallError):
                    self._settlement.fail(call, reply)
                    continue
                if call not in written:
                    self.write(self._use_row(call, drawn, reply, "joined"))
                call.key = drawn.kept
                self._settlement.deliver(call, reply.content, reply.usage)

    async def crash(self, request: Request, error: BaseException) -> None:
        """It failed for good: journalled, so that a replay repeats it, unless it may pass."""
        if isinstance(error, CallFailed | StrategyError) or not isinstance(error, TTSError):
            error = crashed(error)
        if not isinstance(error, CallError) or isinstance(error, Barred):
            self.stop(request, error)
        elif passes(request.spec, error):
            self.stop(request, Outage(f"{type(error).__name__}: {error}"))
        else:
            await self._fail(request, error)

    def stop(self, request: Request, error: TTSError | None = None) -> None:
        """Nothing more can be sent; None: because the job was interrupted."""
        if isinstance(error, LedgerError | Barred):
            self._attempts.fatal = self._attempts.fatal or error
        for call in request.take_all():
            self._settlement.stop(call, error or Suspended(INTERRUPTED))

    def write(self, *rows: Any) -> None:
        """Journal without waiting; a broken journal stops every later call."""
        try:
            self._journal.write(*rows)
        except LedgerError as error:
            self._attempts.fatal = self._attempts.fatal or error

    async def _fail(self, request: Request, error: CallError) -> None:
        try:
            await self._journal.commit(*(self._failed(call, error) for call in request.calls))
        except LedgerError as broken:
            self.stop(request, broken)
        except asyncio.CancelledError:
            self.stop(request)
            raise
        for call in request.take_all():
            self._settlement.fail(call, error)

    def _rows(self, request: Request, answer: Answer) -> tuple[list[Any], Written]:
        rows: list[Any] = [*self._asked(request)]
        written: Written = set()
        for drawn, reply in zip(request.drawn, answer.replies, strict=True):
            if isinstance(reply, Reply):
                drawn.kept = kept_key(self._journal, drawn.starter, reply.content)
                rows.append(call_row(request, drawn, reply, self._job))
                for call in drawn.calls:
                    written.add(call)
                    rows.append(self._use_row(call, drawn, reply, drawn.origin(call)))
            else:
                rows += [self._failed(call, reply) for call in drawn.calls]
        return rows, written

    def _use_row(self, call: Call, drawn: RequestedDraw, reply: Reply, origin: Origin) -> UseRow:
        return self._settlement.use_row(call, drawn.kept, reply.content, reply.usage, origin)

    def _asked(self, request: Request) -> list[TextRow]:
        """The text of the question, where no earlier draw of it has brought it."""
        base = request.starter.shared.base
        if base in self._texts:
            return []
        row = text_row(request)
        if row is None:
            return []
        if len(self._texts) >= MOST_ASKED:
            self._texts.clear()
        self._texts.add(base)
        return [row]

    def _failed(self, call: Call, error: CallError) -> OutcomeRow:
        return call.run.outcome(call.id, "failed", failure(call, error))


def passes(spec: OperationSpec, error: CallError) -> bool:
    """Whether a call that failed for the last time is tried again by a later process.

    A tool's failure is an answer to whoever called it, and what may have had an effect is never
    repeated silently.
    """
    harmless = error.sent == "not_sent" or spec.effect not in ("write", "irreversible")
    return error.retryable and harmless and spec.role != "tool"
