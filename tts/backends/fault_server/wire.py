"""HTTP/1.1 over one connection, just as much as a model server needs."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

_END = b"\r\n\r\n"
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


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
