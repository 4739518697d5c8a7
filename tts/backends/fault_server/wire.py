"""HTTP/1.1 over one connection, and what a fault makes of an answer on it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from tts.backends.fault_server.plan import Fault

_END = b"\r\n\r\n"
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
Build = Callable[[], dict[str, Any]]
"""Makes the good answer."""


class Wire(asyncio.Protocol):
    """Reads requests and writes answers; one request at a time, connections kept alive."""

    def __init__(self, handle: Callable[[Wire, str, str, bytes, bytes], None]) -> None:
        self._handle = handle
        self._pending = b""
        self._transport: Any = None
        self.closed = False
        self.on_lost: Callable[[], None] | None = None
        """Called when the client leaves while its answer is not complete."""
        self.on_done: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        lost, self.on_lost, self.on_done = self.on_lost, None, None
        if lost:
            lost()

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while not self.closed and (end := self._pending.find(_END)) >= 0:
            head = self._pending[:end]
            start, size = end + len(_END), _length(head)
            if len(self._pending) < start + size:
                return
            body = self._pending[start : start + size]
            self._pending = self._pending[start + size :]
            method, path, _ = head[: head.find(b"\r\n")].decode("latin-1").split(" ", 2)
            self._handle(self, method, path, head, body)

    def write(self, data: bytes) -> None:
        if not self.closed:
            self._transport.write(data)

    def answer(self, body: bytes) -> None:
        """A whole good answer."""
        self.write(_OK % len(body) + body)
        self.done()

    def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A whole answer of any status."""
        self.write(head(status, {"Content-Length": str(len(body)), **headers}) + body)
        self.done()

    def done(self) -> None:
        """The answer is complete."""
        done, self.on_lost, self.on_done = self.on_done, None, None
        if done:
            done()

    def close(self) -> None:
        """End the connection in order, with the answer as it is."""
        self.done()
        self._transport.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.done()
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A response's head; JSON unless the headers say otherwise."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = {"Content-Type": "application/json", **headers}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{text}\r\n".encode("latin-1")


def header(head_bytes: bytes, name: str) -> str:
    """A request header's value, empty where it is missing."""
    place = head_bytes.lower().find(f"\r\n{name}:".encode())
    if place < 0:
        return ""
    start = place + len(name) + 3
    end = head_bytes.find(b"\r\n", start)
    return head_bytes[start : end if end >= 0 else None].decode("latin-1").strip()


def _length(head_bytes: bytes) -> int:
    return int(header(head_bytes, "content-length") or 0)


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
    elif fault.kind == "gzip_bomb":
        wire.respond(200, {"Content-Encoding": "gzip"}, bomb(body, fault.keep))
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


def bomb(body: bytes, mib: int) -> bytes:
    """A JSON object in gzip with so many MiB of blanks before its last brace: valid, and a thousand
    times as large as what is sent."""
    blanks = gzip.compress(b" " * (1 << 20))
    return gzip.compress(body[:-1]) + blanks * mib + gzip.compress(body[-1:])


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
