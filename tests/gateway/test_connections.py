"""Clients beyond what there are descriptors for are told so, and none is kept for saying nothing."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

uvicorn = pytest.importorskip("uvicorn", reason="needs the extra serve")

from tts.gateway.connections import Connection, most_connections

ASK = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
    )
    await send({"type": "http.response.body", "body": b"hello"})


class Impatient(Connection):
    silent = refused = 0.2


@asynccontextmanager
async def served(most: int, http: Any = Connection) -> AsyncIterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            hello, http=http, limit_concurrency=most, lifespan="off", log_level="critical"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve(sockets=[listening]))
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            await serving


async def answer(place: tuple[str, int]) -> tuple[int, bytes]:
    """The status and body that a new client gets, which asks to be hung up on behind them."""
    reader, writer = await asyncio.open_connection(*place)
    writer.write(ASK.replace(b"here", b"here\r\nConnection: close"))
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


async def test_a_client_beyond_the_limit_is_told_503_until_there_is_room() -> None:
    async with served(2) as place:
        kept = [await asyncio.open_connection(*place) for _ in range(2)]
        for reader, writer in kept:
            writer.write(ASK)
            await reader.readuntil(b"hello")
        status, body = await answer(place)
        assert status == 503 and "Too many clients" in json.loads(body)["error"]["message"]
        for _, writer in kept:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(30):
            await first_that_is(200, place)


async def first_that_is(status: int, place: tuple[str, int]) -> None:
    if (await answer(place))[0] != status:
        await first_that_is(status, place)


@pytest.mark.parametrize("sent", [b"", ASK[:-2]])
@pytest.mark.parametrize("most", [0, 10])
async def test_who_sends_no_request_is_hung_up_on(most: int, sent: bytes) -> None:
    async with served(most, Impatient) as place:
        reader, writer = await asyncio.open_connection(*place)
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


def test_descriptors_are_left_for_the_ledger_and_the_models_server() -> None:
    most = most_connections()
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 0 < most < soft or soft == resource.RLIM_INFINITY
