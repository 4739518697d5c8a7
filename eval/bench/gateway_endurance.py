"""The part of `gateway` that goes on for long, or ends at once: memory, and kill -9."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from msgspec.structs import replace

from tts.backends.fault_server import Latency
from tts.eval.bench.gateway_process import IN_FLIGHT, GatewayProcess, post
from tts.eval.bench.measuring import resident
from tts.eval.bench.processes import PLAIN, ServerProcess
from tts.eval.bench.report import Row, at_most, exactly, figure

REQUESTS = 100_000
CEILING = 150
"""MiB after so many requests."""
FLAT = 10
"""MiB that may be grown since a tenth of them."""
KILLS = 5
BEFORE = 1.5
"""Seconds of traffic before a kill."""


def lasting(requests: int = REQUESTS) -> list[Row]:
    """Resident memory of a gateway that has carried so many requests, ledger on disk."""
    with (
        TemporaryDirectory() as folder,
        ServerProcess(PLAIN) as server,
        GatewayProcess(server.url, Path(folder)) as one,
    ):
        start = resident(one.pid) / 1024
        asyncio.run(_asked(one.url, requests // 10))
        tenth = resident(one.pid) / 1024
        asyncio.run(_asked(one.url, requests - requests // 10))
        end = resident(one.pid) / 1024
    return [
        at_most(
            f"resident memory after {requests} requests", end, "MiB", bar=CEILING, baseline=start
        ),
        at_most("grown since a tenth of them", end - tenth, "MiB", bar=FLAT),
    ]


async def _asked(url: str, requests: int) -> None:
    left = iter(range(requests))

    async def work(http: aiohttp.ClientSession) -> None:
        for _ in left:
            await post(http, url)

    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(IN_FLIGHT):
            group.create_task(work(http))


def killed(kills: int = KILLS) -> list[Row]:
    """`kill -9` under traffic: what the model's server was asked, beside what is on record."""
    seen = lost = 0
    for _ in range(kills):
        requests, on_record = _killed_once()
        seen, lost = seen + requests, lost + max(0, requests - on_record)
    return [
        figure(f"requests sent by gateways that were killed {kills} times", seen, ""),
        exactly("of these, without a record", lost, "", bar=0),
    ]


def _killed_once() -> tuple[int, int]:
    """Requests that the server saw, and attempts in the ledger of the gateway that was killed."""
    held = replace(PLAIN, latency=Latency(median=0.05))
    with (
        TemporaryDirectory() as folder,
        ServerProcess(held) as server,
        GatewayProcess(server.url, Path(folder)) as one,
    ):
        asyncio.run(_until_it_dies(one))
        time.sleep(0.2)
        with closing(sqlite3.connect(one.ledger)) as connection:
            [found] = connection.execute("SELECT COUNT(*) FROM attempts").fetchone()
        return server.served().requests, int(found)


async def _until_it_dies(one: GatewayProcess) -> None:
    asking = asyncio.ensure_future(_asked(one.url, 1 << 30))
    await asyncio.sleep(BEFORE)
    one.kill()
    with suppress(ExceptionGroup):
        await asking
