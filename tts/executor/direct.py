"""The road of a request that waits for its slot, its share and its answer only: no task."""

from __future__ import annotations

from functools import partial
from typing import Protocol, cast

from tts.errors import CallError, LedgerError, TTSError, crashed
from tts.executor.attempts import Attempts
from tts.executor.deadlines import Deadlines
from tts.executor.request import Attempt, Request
from tts.executor.retries import checked
from tts.protocols import Abort, Answer, Begin, IntentRow, Meter, PromptOperation, SettledRow


class Carriers(Protocol):
    """What becomes of requests that leave the direct road."""

    def land(self, attempt: Attempt, answer: Answer, row: SettledRow) -> None:
        """Commit an answer and deliver it."""
        ...

    def by_task(self, attempt: Attempt, failed: Exception | None = None) -> None:
        """Go on by a task, from where the attempt stands, or after it failed."""
        ...


class Direct:
    """The callbacks of a request's life: `send` → a slot → on the wire → `came` → landed.

    Most calls go this way. Whatever has to wait for more, an outage, a retry, a stream, a new
    connection, goes on by a task from the stage at which it stands.
    """

    def __init__(self, attempts: Attempts, deadlines: Deadlines, carriers: Carriers) -> None:
        self._attempts, self._deadlines = attempts, deadlines
        self._carriers: Carriers = carriers
        self._gate = attempts.gate

    def close(self) -> None:
        """Nothing is under way any more; what carries requests on holds this and is held by it."""
        del self._carriers

    def send(self, attempt: Attempt) -> None:
        """Take the request as far as it gets without waiting."""
        request = attempt.request
        pool, priority = request.spec.pool, request.starter.priority
        planned = priority[0] != 0
        # What a refusal makes room for may be dropped in this turn, before a task would have sent it.
        if planned or request.starter.run.queue.refused or not self._passes(request):
            self._carriers.by_task(attempt)
        elif self._gate.enter_nowait(pool):
            attempt.stage = "slot"
            self._go_on(attempt)
        else:
            request.grant = partial(self._entered, attempt)
            self._gate.wait(pool, request.starter.run.problem.id, priority, request.grant)

    def cancel(self, request: Request) -> bool:
        """Take a request off this road; False: its answer has come and is being written down."""
        attempt = request.attempt
        if request.grant is not None:
            self._gate.withdraw(request.spec.pool, request.grant)
            request.grant = None
        elif attempt is not None and request.leave_line is not None:
            request.leave_line()
            request.leave_line = request.attempt = None
            self._attempts.loop.call_soon(self._attempts.withdraw, attempt)
        elif attempt is not None and attempt.abort is not None:
            abort, attempt.abort = attempt.abort, None
            self._deadlines.open.discard(attempt)
            abort()
            self._attempts.cancelled(attempt)
            # Who is next may be sent from here: not in the middle of what the caller is doing.
            self._attempts.loop.call_soon(self._attempts.leave, attempt)
        else:
            return False
        return True

    def _passes(self, request: Request) -> bool:
        circuit = self._gate.circuit(request.spec.pool)
        return circuit.error is None and self._attempts.fatal is None

    def _entered(self, attempt: Attempt) -> bool:
        attempt.request.grant, attempt.stage = None, "slot"
        self._go_on(attempt)
        return True

    def _go_on(self, attempt: Attempt) -> None:
        """With a slot: take of the rate and of the wallet, or stand in line for them."""
        request = attempt.request
        try:
            held = self._attempts.hold(attempt)
            if not held and self._passes(request):
                request.leave_line = self._attempts.hold_then(attempt, partial(self._held, attempt))
                request.attempt = attempt
                return
        except TTSError:
            held = False  # the task meets it again
        prompt = not request.heard and not self._attempts.intents_first
        if held and self._passes(request) and prompt:
            self._depart(attempt)
        else:
            self._carriers.by_task(attempt)

    def _held(self, attempt: Attempt, error: Exception | None) -> bool:
        attempt.request.leave_line = attempt.request.attempt = None
        if error is None:
            self._go_on(attempt)
        else:
            self._attempts.loop.call_soon(self._attempts.withdraw, attempt)
            self._carriers.by_task(attempt, error)
        return True

    def _depart(self, attempt: Attempt) -> None:
        request = attempt.request
        request.meter = Meter()
        attempt.came = partial(self._came, attempt)
        try:
            abort = begin(request)(request.args, request.draws, request.meter, attempt.came)
        except Exception as error:  # noqa: BLE001 — a bug in one operation must not hang the others
            self._failed(attempt, error if isinstance(error, CallError) else crashed(error))
            return
        if abort is None:
            self._carriers.by_task(attempt)
        else:
            self._on_the_wire(attempt, abort)

    def _on_the_wire(self, attempt: Attempt, abort: Abort) -> None:
        request = attempt.request
        request.attempt, attempt.abort = attempt, abort
        try:
            self._attempts.journal.write(self._opened(attempt))
        except LedgerError as error:
            attempt.abort = None
            abort()
            self._failed(attempt, error)
            return
        attempt.when = attempt.begun + (request.spec.timeout or self._attempts.limits.timeout)
        self._deadlines.watch(attempt)

    def _opened(self, attempt: Attempt) -> IntentRow:
        row = self._attempts.opened(attempt)
        self._attempts.sent(attempt)
        return row

    def _came(self, attempt: Attempt, came: Answer | CallError) -> None:
        attempt.abort = None
        self._deadlines.open.discard(attempt)
        if isinstance(came, CallError):
            self._failed(attempt, came)
            return
        try:
            checked(attempt.request, came)
            row = self._attempts.answered(attempt, came)
        except Exception as error:  # noqa: BLE001 — as above
            self._failed(attempt, error if isinstance(error, CallError) else crashed(error))
        else:
            self._carriers.land(attempt, came, row)

    def _failed(self, attempt: Attempt, error: CallError | LedgerError) -> None:
        """Settle it and go on by a task, which tries again or gives up."""
        attempts = self._attempts
        try:
            if attempt.stage != "open":
                attempts.journal.write(self._opened(attempt))
            attempts.failed(attempt, error)
        except LedgerError as broken:
            error = broken
        if isinstance(error, CallError):
            attempts.slow_down(attempt, error)
        # The task begins first: an error that ends the job keeps the next one from being sent.
        self._carriers.by_task(attempt, error)
        attempts.loop.call_soon(attempts.leave, attempt)


def begin(request: Request) -> Begin:
    """What puts a request of such an operation on the wire."""
    return cast("PromptOperation", request.operation).begin
