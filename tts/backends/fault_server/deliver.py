"""Delivering an answer with a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tts.backends.fault_server.plan import Fault
from tts.backends.fault_server.wire import Wire, head

Build = Callable[[], dict[str, Any]]
"""Makes the good answer."""


def deliver(wire: Wire, fault: Fault, build: Build) -> None:
    """Send what the fault makes of the answer."""
    if fault.kind == "status":
        wire.respond(fault.status, fault.headers, fault.body)
    elif fault.kind == "body":
        wire.respond(200, fault.headers, fault.body)
    elif fault.kind == "reset_before_headers":
        wire.reset()
    elif fault.kind == "close_before_headers":
        wire.close()
    elif fault.kind in ("stall", "stall_after_headers"):
        _stall(wire, fault)
    else:
        _spoil(wire, fault, msgspec.json.encode(altered(build(), fault)))


def altered(reply: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """The answer as the fault rewrites it; unchanged by faults of the wire."""
    if fault.kind == "edit":
        return reply | dict(fault.fields)
    if fault.kind == "edit_choice":
        return reply | {"choices": [choice | dict(fault.fields) for choice in reply["choices"]]}
    if fault.kind == "fewer_choices":
        return reply | {"choices": reply["choices"][: fault.keep]}
    return reply


def _stall(wire: Wire, fault: Fault) -> None:
    if fault.kind == "stall_after_headers":
        wire.write(head(200, {"Content-Length": "1000"}))


def _spoil(wire: Wire, fault: Fault, body: bytes) -> None:
    half = body[: len(body) // 2]
    if fault.kind == "truncated_json":
        wire.answer(half)
    elif fault.kind == "replace":
        wire.answer(body.replace(fault.old, fault.new))
    elif fault.kind == "slow":
        _drip(wire, head(200, {"Content-Length": str(len(body))}) + body, fault.seconds)
    elif fault.kind == "chunked_cut":
        chunk = f"{len(half):x}\r\n".encode() + half + b"\r\n"
        wire.write(head(200, {"Transfer-Encoding": "chunked"}) + chunk)
        wire.close()
    elif fault.kind in ("wrong_length", "reset_after_headers"):
        cut = half if fault.kind == "wrong_length" else b""
        wire.write(head(200, {"Content-Length": str(len(body))}) + cut)
        asyncio.get_running_loop().call_later(0.01, _end(wire, fault))
    else:
        wire.answer(body)


def _end(wire: Wire, fault: Fault) -> Callable[[], None]:
    return wire.close if fault.kind == "wrong_length" else wire.reset


def _drip(wire: Wire, data: bytes, seconds: float, place: int = 0) -> None:
    """A byte at a time."""
    if wire.closed:
        return
    wire.write(data[place : place + 1])
    if place + 1 >= len(data):
        wire.done()
        return
    asyncio.get_running_loop().call_later(seconds, _drip, wire, data, seconds, place + 1)


def deliver_stream(wire: Wire, events: Sequence[bytes], fault: Fault | None, gap: float) -> None:
    """Send events as a chunked answer, `gap` seconds apart; faults of streams break it off."""
    if fault is not None and fault.kind == "stream_replace":
        events = [new for event in events if (new := event.replace(fault.old, fault.new))]
    broken = fault is not None and fault.kind in ("stream_cut", "stream_stall")
    sent = events[: fault.keep] if fault and broken else events
    wire.write(head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))
    _next_event(wire, sent, fault if broken else None, gap)


def _next_event(wire: Wire, left: Sequence[bytes], fault: Fault | None, gap: float) -> None:
    if wire.closed:
        return
    now = left if gap <= 0 else left[:1]
    wire.write(b"".join(f"{len(event):x}\r\n".encode() + event + b"\r\n" for event in now))
    if len(now) < len(left):
        loop = asyncio.get_running_loop()
        loop.call_later(gap, _next_event, wire, left[1:], fault, gap)
    elif fault is None:
        wire.write(b"0\r\n\r\n")
        wire.done()
    elif fault.kind == "stream_cut":
        wire.close()
