"""One physical call on its way, everyone who waits for it, and the journal rows it leaves."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from tts.executor.call import Call
from tts.protocols import (
    CallRow,
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


class Seat:
    """One draw of a flight and the uses that wait for it."""

    __slots__ = ("calls", "draw", "key", "starter")

    def __init__(self, call: Call) -> None:
        self.key, self.draw = call.key, call.draw
        self.calls = [call]
        self.starter = call

    def origin(self, call: Call) -> Origin:
        return "made" if call is self.starter else "joined"


class Flight:
    """A request for one draw, or for several that travel together.

    The use that started it pays for it; uses of other runs may join. It is aborted when nobody
    wants any of its draws.
    """

    __slots__ = (
        "answered",
        "args",
        "meter",
        "operation",
        "seats",
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
        self.seats = [Seat(call) for call in calls]
        self.worst: Usage = sum((call.worst for call in calls[1:]), calls[0].alone)
        self.meter = Meter()
        self.sent = self.answered = False
        self.task: asyncio.Task[None] | None = None

    @property
    def draws(self) -> list[Draw]:
        return [seat.draw for seat in self.seats]

    @property
    def calls(self) -> list[Call]:
        """Every use that waits."""
        return [call for seat in self.seats for call in seat.calls]

    @property
    def wanted(self) -> bool:
        return any(seat.calls for seat in self.seats)

    def join(self, call: Call) -> None:
        """Another use wants one of the draws."""
        next(seat for seat in self.seats if seat.key == call.key).calls.append(call)

    def leave(self, call: Call) -> bool:
        """A use no longer wants its draw; False where it had none."""
        for seat in self.seats:
            if call in seat.calls:
                seat.calls.remove(call)
                return True
        return False

    def take_all(self) -> list[Call]:
        """Every use that waits; from now on nobody does."""
        waiting = self.calls
        for seat in self.seats:
            seat.calls = []
        return waiting

    def listen(self) -> None:
        """Meter afresh, and ask the backend to stream where somebody wants to hear it."""
        self.meter = Meter()
        for seat in self.seats:
            for call in seat.calls:
                if call.node.hearers:
                    self.meter.hear = self._hear

    def _hear(self, position: int, text: str) -> None:
        for call in self.seats[position].calls:
            for hearer in call.node.hearers:
                hearer(text)


def call_row(flight: Flight, seat: Seat, reply: Reply, job: str) -> CallRow:
    """What a draw brought, findable by its key."""
    source = flight.args[0] if flight.args else None
    spec = flight.spec
    return CallRow(
        job=job,
        key=seat.key,
        problem_id=flight.starter.run.problem.id,
        operation=spec.name,
        version=spec.version,
        role=spec.role,
        model=spec.model,
        revision=spec.revision,
        input_hash=flight.starter.shared.base.hex(),
        parent_key=source.key if isinstance(source, Candidate) else "",
        index=seat.draw.index,
        content=_encode(reply.content),
        usage=reply.usage,
        degraded=reply.degraded,
    )


def text_row(flight: Flight) -> TextRow | None:
    """What was asked, once for all equal draws; a continuation is found by its parent instead."""
    if flight.args and isinstance(flight.args[0], Candidate):
        return None
    shared = flight.starter.shared
    return TextRow(shared.base.hex(), _encode(shared.identity).decode())


def use_row(call: Call, attributed: Usage, origin: Origin, job: str) -> UseRow:
    """The use of a call by a node, at what it would have cost alone."""
    run = call.run
    return UseRow(
        job=job,
        run_id=run.settings.run_id,
        node=call.id,
        key=call.key,
        role=call.operation.spec.role,
        name=call.node.name,
        inputs=",".join(run.id_of(node) for node in call.node.inputs),
        origin=origin,
        attributed=attributed,
        at=time.time(),
    )
