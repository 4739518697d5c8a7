"""The journal rows of a finished call."""

from __future__ import annotations

import time

import msgspec

from tts.executor.call import Call
from tts.executor.flight import Flight, Seat
from tts.protocols import CallRow, Origin, Reply, TextRow, UseRow
from tts.values import Candidate, Usage

_encode = msgspec.json.Encoder().encode


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
