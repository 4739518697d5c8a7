"""One physical call on its way: who waits for it, its tries, and the journal rows it leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tts.budget import Amounts
from tts.errors import CallTimeout
from tts.executor.call import Call
from tts.executor.circuit import Passage
from tts.protocols import (
    Abort,
    CallRow,
    Came,
    Draw,
    Meter,
    Operation,
    OperationSpec,
    Origin,
    Reply,
    TextRow,
    UseRow,
)
from tts.values import Candidate, Usage

_encode = msgspec.json.Encoder().encode

Stage = Literal["new", "slot", "rate", "reserved", "recorded", "open"]
"""How far a try has come. It holds nothing; a slot; a share of the rate too; money too; it stands on
the record, and has not left; it was sent."""


UNMETERED = Meter()
"""Of a request that was not sent."""


class RequestedDraw:
    """One draw of a request and the uses that wait for it."""

    __slots__ = ("calls", "draw", "kept", "key", "starter")

    def __init__(self, call: Call) -> None:
        self.key, self.draw = call.key, call.draw
        self.kept = self.key
        """Under which key the answer is found again: one of its own where the text was cut short."""
        self.calls = [call]
        self.starter = call

    def origin(self, call: Call) -> Origin:
        return "made" if call is self.starter else "joined"


class Request:
    """A request for one draw, or for several that travel together.

    The use that started it pays for it; uses of other runs may join. It is aborted when nobody
    wants any of its draws.
    """

    __slots__ = (
        "answered",
        "args",
        "attempt",
        "behind",
        "drawn",
        "ended",
        "grant",
        "leave_line",
        "meter",
        "operation",
        "sent",
        "spec",
        "starter",
        "task",
        "worst",
    )

    def __init__(self, calls: list[Call]) -> None:
        self.starter = calls[0]
        self.operation: Operation = calls[0].operation
        self.spec: OperationSpec = self.operation.spec
        self.args: tuple[Any, ...] = calls[0].args
        self.behind: list[Call] = []
        """Uses of the same draws under another ceiling: they look again once this has ended."""
        self.drawn = [RequestedDraw(call) for call in calls]
        self.worst: Usage = calls[0].alone
        for call in calls[1:]:
            self.worst = self.worst + call.worst
        self.meter = UNMETERED
        self.sent = self.answered = False
        self.task: asyncio.Task[None] | None = None
        """Carries it, where something has to be waited for."""
        self.grant: Callable[[], bool] | None = None
        self.leave_line: Abort | None = None
        self.attempt: Attempt | None = None
        """Without a task: its place in the queue for a slot; in the line for rate or money; the
        attempt that stands there or is on the wire, or that its task has not taken up yet."""
        self.ended: asyncio.Future[None] | None = None
        """Made where somebody waits for the end of one without a task."""

    @property
    def draws(self) -> list[Draw]:
        return [drawn.draw for drawn in self.drawn]

    @property
    def calls(self) -> list[Call]:
        """Every use that waits."""
        return [call for drawn in self.drawn for call in drawn.calls]

    @property
    def wanted(self) -> bool:
        return any(drawn.calls for drawn in self.drawn)

    def join(self, call: Call) -> None:
        """Another use wants one of the draws, as long or longer or shorter."""
        if call.ceiling_tokens != self.starter.ceiling_tokens:
            self.behind.append(call)
            return
        next(drawn for drawn in self.drawn if drawn.key == call.key).calls.append(call)

    def leave(self, call: Call) -> bool:
        """A use no longer wants its draw; False where it had none."""
        for drawn in self.drawn:
            if call in drawn.calls:
                drawn.calls.remove(call)
                return True
        return False

    def take_all(self) -> list[Call]:
        """Every use that waits; from now on nobody does."""
        waiting = self.calls
        for drawn in self.drawn:
            drawn.calls = []
        return waiting

    @property
    def heard(self) -> bool:
        """Whether somebody wants the text as it grows."""
        for drawn in self.drawn:
            for call in drawn.calls:
                if call.node.hearers:
                    return True
        return False

    def listen(self) -> None:
        """Meter afresh, and ask the backend to stream where somebody wants to hear it."""
        self.meter = Meter()
        if self.heard:
            self.meter.hear = self._hear

    def _hear(self, position: int, text: str) -> None:
        for call in self.drawn[position].calls:
            for hearer in call.node.hearers:
                hearer(text)


class Attempt:
    """One try. Whoever carries it, callbacks or a task, goes on from its stage."""

    __slots__ = (
        "abort",
        "asked",
        "begun",
        "came",
        "held",
        "id",
        "number",
        "passage",
        "request",
        "stage",
        "when",
    )

    def __init__(self, request: Request, number: int, asked: float) -> None:
        self.request, self.number = request, number
        self.asked, self.begun, self.when = asked, asked, 0.0
        """Seconds of the loop's clock: when it wanted a slot, when it was sent, when it is too late."""
        self.stage: Stage = "new"
        self.passage: Passage = "free"
        self.held: Amounts = ()
        self.id = ""
        self.abort: Abort | None = None
        """Takes it off the wire, where it is on it without a task."""
        self.came: Came
        """Told what became of it, where it is on the wire without a task."""

    def expire(self) -> None:
        """Its time is up, on the wire and without a task."""
        abort, self.abort = self.abort, None
        if abort is not None:
            abort()
            self.came(late(self.when - self.begun))


def late(seconds: float) -> CallTimeout:
    return CallTimeout(f"No answer within {seconds:g} s.")


def call_row(request: Request, drawn: RequestedDraw, reply: Reply, job: str) -> CallRow:
    """What a draw brought, findable by its key."""
    source = request.args[0] if request.args else None
    spec = request.spec
    return CallRow(
        job=job,
        key=drawn.kept,
        problem_id=request.starter.run.problem.id,
        operation=spec.name,
        version=spec.version,
        role=spec.role,
        model=spec.model,
        revision=spec.revision,
        input_hash=request.starter.shared.input_hash,
        parent_key=source.key if isinstance(source, Candidate) else "",
        index=drawn.draw.index,
        content=_encode(reply.content),
        usage=reply.usage,
        degraded=reply.degraded,
    )


def text_row(request: Request) -> TextRow | None:
    """What was asked, once for all equal draws; a continuation is found by its parent instead."""
    if request.args and isinstance(request.args[0], Candidate):
        return None
    shared = request.starter.shared
    return TextRow(shared.input_hash, _encode(shared.identity).decode())


def use_row(call: Call, key: str, attributed: Usage, origin: Origin, job: str) -> UseRow:
    """The use of the call of that key by a node, at what it would have cost alone."""
    run = call.run
    return UseRow(
        job=job,
        run_id=run.settings.run_id,
        node=call.id,
        key=key,
        role=call.operation.spec.role,
        name=call.node.name,
        inputs=",".join(run.id_of(node) for node in call.node.inputs),
        origin=origin,
        attributed=attributed,
        at=time.time(),
    )
