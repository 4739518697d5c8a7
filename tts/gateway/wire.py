"""HTTP below the routes: bodies within a limit, clients that leave, streams of events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, TypeVar

from tts.gateway.errors import ApiError

T = TypeVar("T")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gone(Exception):
    """The client has left."""


SLOWEST = 60.0
"""Seconds for a body to come: who sends none keeps a place from others."""


async def body_of(receive: Receive, length: str, *, most: int, seconds: float = SLOWEST) -> bytes:
    """The body; raises `ApiError` 413 as soon as it is known to be larger than `most` bytes, 408 where
    it does not come in time, and `Gone` where the client left before its end."""
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, most)
    except TimeoutError:
        told = f"The body did not come within {seconds:g} seconds."
        raise ApiError(408, told, code="body_too_slow") from None


async def _read(receive: Receive, most: int) -> bytes:
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise _too_large(most)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The body is larger than {most} bytes.", code="body_too_large")


async def unless_gone(work: Awaitable[T], receive: Receive) -> T:
    """The value of `work`, which is cancelled when the client leaves: then `Gone` is raised."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Gone
        return working.result()
    finally:
        for one in (working, leaving):
            one.cancel()
        with suppress(BaseException):
            await asyncio.wait((working, leaving))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    """A whole JSON response."""
    told = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    await _start(send, status, told)
    await send({"type": "http.response.body", "body": body})


async def start_stream(send: Send, headers: dict[str, str]) -> None:
    """The head of a stream of events, which no proxy is to hold back."""
    told = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        **headers,
    }
    await _start(send, 200, told)


async def send_piece(send: Send, data: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


async def _start(send: Send, status: int, headers: dict[str, str]) -> None:
    listed = [(name.encode(), plain(value)) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})


def plain(value: str) -> bytes:
    """A value that may stand in a header."""
    return value.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace")


def event(data: bytes, name: str = "") -> bytes:
    """One server-sent event (WHATWG HTML, section 9.2)."""
    return (b"event: " + name.encode() + b"\n" if name else b"") + b"data: " + data + b"\n\n"


def comment(data: bytes) -> bytes:
    """A line that every reader of events skips."""
    return b": " + data + b"\n\n"
