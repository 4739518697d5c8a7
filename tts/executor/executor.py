"""Carries out the nodes of every run of a job."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cache, partial
from types import TracebackType
from typing import Any, Self

import msgspec

from tts.budget import Wallet
from tts.errors import (
    BudgetExhausted,
    CallFailed,
    Dropped,
    LedgerError,
    TTSError,
    Unavailable,
)
from tts.executor import ceiling
from tts.executor.attempts import Attempts, Pricer
from tts.executor.call import Call, Ceiling
from tts.executor.limits import Limits
from tts.executor.requests import Requests
from tts.executor.retries import LEAVE
from tts.executor.settlement import FOREIGN, Settlement, fail_node, fault
from tts.protocols import CallRow, Journal, OutcomeRow
from tts.run import Node, Run, text_before
from tts.tools.shielded import shielded
from tts.values import NOTHING, Event, Usage

LOG = logging.getLogger("tts")


@cache
def decoder(content_type: Any) -> msgspec.json.Decoder[Any]:
    """Reads journalled contents of a type; making one costs more than using it."""
    return msgspec.json.Decoder(content_type)


class Executor:
    """Runs ready nodes: local functions at once, calls once they are admitted.

    Event-driven: no level barrier, no polling. A physical call travels by callbacks, or by a task
    where more is waited for; one found in the journal, or already on its way, is not sent again.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        job: str,
        wallet: Wallet,
        limits: Limits,
        price: Pricer,
        price_version: str = "",
        observe: Callable[[Event], None] | None = None,
        intents_first: bool = False,
    ) -> None:
        """`intents_first`: nothing is sent before it is on disk that it will be."""
        self.journal, self.price = journal, price
        self.observers: list[Callable[[Event], None]] = [observe] if observe else []
        tell = partial(_tell, self.observers)
        self.settlement = Settlement(job=job, price=price, observe=tell)
        attempts = Attempts(
            journal,
            job=job,
            wallet=wallet,
            limits=limits,
            price=price,
            price_version=price_version,
            intents_first=intents_first,
        )
        self.requests = Requests(journal, job=job, attempts=attempts, settlement=self.settlement)
        self._queue: deque[tuple[Node[Any], Run]] = deque()
        self._tasks: dict[Node[Any], asyncio.Task[Any]] = {}
        """Local coroutines under way."""
        self._scheduled = False

    async def __aenter__(self) -> Self:
        await self.requests.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks.values():
            task.cancel()
        await self.requests.close()
        self.settlement.open.clear()

    @property
    def fatal(self) -> TTSError | None:
        """Why nothing more can be sent, once that is so."""
        return self.requests.fatal

    # The scheduler's side of a Run

    def now(self) -> float:
        return time.monotonic()

    def foresee(self, node: Node[Any], run: Run) -> None:
        if node.operation is not None and run.account.capped:
            call = self._call(node, run)
            run.queue.foresee(call, self._foreseen(call))

    def awaited(self, node: Node[Any], run: Run) -> None:
        """Nothing to do: places in the order are the Run's."""

    def ready(self, node: Node[Any], run: Run) -> None:
        """Start the node on the loop's next turn, once all submitted beside it is in the order."""
        self._queue.append((node, run))
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._drain)

    def drop(self, node: Node[Any], run: Run) -> None:
        recorded, id = run.settings.recorded, run.id_of(node)
        if recorded.finished(id) and not run.closed:
            return
        call = self.settlement.open.get(node)
        missed = recorded.missed(id)
        if missed.calls:
            run.account.charge(missed)
            self._forget(node)
        elif node.operation is not None:
            attributed = self._abandon(call) if call is not None else NOTHING
            if id not in recorded.outcomes and not run.root.aborted:
                self.requests.write(run.outcome(id, "dropped", [], attributed))
        elif node in run.spawned and id not in recorded.outcomes and not run.root.aborted:
            child = run.spawned[node]
            self.requests.write(run.outcome(id, "dropped", child.submitted if child else 0))
        task = self._tasks.pop(node, None)
        if task is not None:
            task.cancel()
        node.fail(Dropped(f"{node.name} was dropped."), "dropped")

    def spawn(self, coroutine: Coroutine[Any, Any, Any], run: Run) -> asyncio.Task[Any]:
        return self.requests.spawn(coroutine)

    async def landed(self, run: Run) -> None:
        await self.requests.landed(run)

    async def decide(self, run: Run, outcome: OutcomeRow) -> None:
        try:
            await self.journal.commit(outcome)
        except LedgerError as error:
            self.requests.fatal = error
            raise

    def write(self, outcome: OutcomeRow) -> None:
        self.requests.write(outcome)

    def observe(self, event: Event) -> None:
        _tell(self.observers, event)

    def price_of(self, run: Run, usage: Usage) -> Usage:
        """A usage of the run's default model, priced."""
        return self.price(next(iter(run.settings.generators.values())).model.name, usage)

    # Ready nodes

    def _drain(self) -> None:
        try:
            while self._queue:
                node, run = self._queue.popleft()
                dropped = node.settled
                if node.pass_on():
                    self._forget(node)
                    if dropped:
                        self._count_draw(node, run)
                elif node.operation is None:
                    self._run_locally(node, run)
                else:
                    self._ask(self._call(node, run))
        finally:
            self._scheduled = False

    def _count_draw(self, node: Node[Any], run: Run) -> None:
        """Dropped on the turn on which it became ready, a draw is counted all the same: a replay may
        drop it some turns later, and the draws behind it are to have the same keys."""
        if node.operation is not None and node.blocked is None:
            with suppress(*FOREIGN):
                Call(node, run, node.operation).bind()

    def _run_locally(self, node: Node[Any], run: Run) -> None:
        assert node.function is not None
        try:
            value = node.function(*node.resolved_args())
        except FOREIGN as error:
            fail_node(node, error)
        else:
            if inspect.isawaitable(value):
                node.state = "running"
                task = self._tasks[node] = self.spawn(self._await_locally(node, value, run), run)
                if inspect.iscoroutine(value):  # a task cancelled early never awaits it
                    task.add_done_callback(lambda _: value.close())
            else:
                node.resolve(value)

    async def _await_locally(self, node: Node[Any], value: Any, run: Run) -> None:
        own = inspect.iscoroutine(value) and node not in run.spawned
        try:
            node.resolve(await (shielded(value, grace=LEAVE) if own else value))
        except asyncio.CancelledError:
            node.fail(Dropped(f"{node.name} was cancelled."), "dropped")
            raise
        except FOREIGN as error:
            fail_node(node, error)
        finally:
            self._tasks.pop(node, None)

    # Calls

    def _call(self, node: Node[Any], run: Run) -> Call:
        call = self.settlement.open.get(node)
        if call is None:
            assert node.operation is not None
            call = self.settlement.open[node] = Call(node, run, node.operation, self)
        return call

    def _ask(self, call: Call) -> None:
        try:
            call.bind()
            if self._replay_outcome(call):
                return
            self._weigh(call)
            self._lower(call, ceiling.recorded(call))
            queue, worst = call.run.queue, call.by_now() or call.worst
            decided = call.recorded or call.ceiling is not None
            (queue.repeat if decided else queue.ask)(call, worst)
        except FOREIGN as error:
            self._forget(call.node)
            fail_node(call.node, error)

    def _weigh(self, call: Call) -> None:
        """Find the worst case, with its prompt and without."""
        shared = call.shared
        if shared.alone is None:
            shared.alone = self._worst(call, call.args, first=True)
        call.alone = call.worst = shared.alone
        if not call.first:
            if shared.beside is None:
                shared.beside = self._worst(call, call.args, first=False)
            call.worst = shared.beside

    def _worst(self, call: Call, args: tuple[Any, ...], *, first: bool) -> Usage:
        return self.settlement.priced(call, call.operation.worst(args, first=first))

    def _foreseen(self, call: Call) -> Usage:
        """What it costs at most while inputs are open; the same for all draws of a `sample`."""
        node, group = call.node, call.node.group
        foreseen: Usage | None = group.foreseen if group is not None else None
        if foreseen is None:
            usage = call.operation.foresee(node.args, text_before(node))
            foreseen = self.settlement.priced(call, usage)
            if group is not None:
                group.foreseen = foreseen
        return foreseen

    def _forget(self, node: Node[Any]) -> None:
        """A call that will not be asked for any more gives its place in the queue up."""
        call = self.settlement.open.pop(node, None)
        if call is not None:
            call.run.queue.withdraw(call)

    def admitted(self, call: Call) -> None:
        try:
            row = ceiling.find(self.journal, call)
            if row is not None:
                self._found(call, row)
            elif call.unknown:
                message = f"{call.node.name} was sent before; whether it took effect is unknown."
                self.settlement.fail(call, Unavailable(message))
            else:
                self.requests.join_or_send(call)
        except FOREIGN as error:
            self.settlement.stop(call, fault(call.node, error))

    def refused(self, call: Call, error: BudgetExhausted) -> None:
        self.settlement.open.pop(call.node, None)
        self.requests.write(call.run.outcome(call.id, "refused", str(error)))
        call.node.fail(error, "refused")

    def shortened(self, call: Call) -> Usage | None:
        tokens = ceiling.longest_that_fits(call, self._worst)
        if tokens is None:
            return None
        lowered = Ceiling(tokens, str(call.run.account.refusal(call.held)))
        self.requests.write(ceiling.outcome(call, lowered))
        self._lower(call, lowered)
        return call.by_now() or call.worst

    def _lower(self, call: Call, lowered: Ceiling | None) -> None:
        """Send a draw with less than its arguments ask for."""
        if lowered is not None:
            call.ceiling = lowered
            call.args = ceiling.shortened(call, lowered.tokens)
            call.worst = self._worst(call, call.args, first=call.first)
            call.alone = self._worst(call, call.args, first=True)

    def _found(self, call: Call, row: CallRow) -> None:
        content = decoder(call.operation.content_type).decode(row.content)
        use = self.settlement.use_row(call, row.key, content, row.usage, "reused")
        if not call.recorded:
            self.requests.write(use)
        call.key = row.key
        self.settlement.deliver(call, content, row.usage)

    def _replay_outcome(self, call: Call) -> bool:
        """Repeat what was decided about this node before; True where that settles it."""
        row = call.run.settings.recorded.outcomes.get(call.id)
        if row is None or row.kind not in ("refused", "dropped", "failed"):
            return False
        self._forget(call.node)
        call.run.settings.recorded.attributed.pop(call.id, None)
        if row.attributed.calls:  # nothing is known of older rows but that they spent nothing
            call.run.account.charge(row.attributed)
        if row.kind == "dropped":
            call.node.state = "running"
        elif row.kind == "failed":
            call.node.fail(CallFailed(msgspec.json.decode(row.content, type=str)))
        else:
            message = msgspec.json.decode(row.content, type=str)
            call.node.fail(BudgetExhausted.recorded(message), "refused")
        return True

    def _abandon(self, call: Call) -> Usage:
        if call.state != "admitted":
            self._forget(call.node)
            return NOTHING
        attributed = self.requests.abandon(call)
        self.settlement.charge(call, attributed)
        return attributed


def _tell(observers: list[Callable[[Event], None]], event: Event) -> None:
    for observer in list(observers):
        try:
            observer(event)
        except Exception:
            observers.remove(observer)
            LOG.exception("An observer raised and is told nothing more.")
