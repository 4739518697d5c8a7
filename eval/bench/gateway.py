"""`gateway`: what `tts serve` adds to a call, beside the same call sent straight to the model's server.

The client is the same bare one for both. A closed loop of 64 on one processor says how many requests
it carries a second; what it adds to one of them shows where 64 are in flight because the model takes
its time, since with no latency at all the clients only wait for each other.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import numpy as np
from msgspec.structs import replace

from tts.backends.fault_server import Latency
from tts.eval.bench.gateway_endurance import KILLS, REQUESTS, killed, lasting
from tts.eval.bench.gateway_process import BODY, IN_FLIGHT, GatewayProcess, post
from tts.eval.bench.processes import PLAIN, ServerProcess
from tts.eval.bench.report import Row, at_most, exactly, figure

TURNS = 6
"""How often both are asked in turn; figures are medians over them."""
HELD = 0.5
"""Seconds for which the model's server holds an answer, so that 64 are in flight at 128 a second."""
ADDED = {50: 4.0, 99: 15.0}
"""Milliseconds that may be added, by percentile."""
STREAMS = 512
CEILING = 2000
"""Tokens of a streamed request."""
Ask = Callable[[], Awaitable[Any]]


def gateway(
    *,
    seconds: float = 12.0,
    streams: int = STREAMS,
    requests: int = REQUESTS,
    kills: int = KILLS,
) -> list[Row]:
    """Added latency at 64 in flight, requests a second, 512 streams under budgets, kill -9, and the
    memory after 100,000 requests."""
    with serving(HELD) as (direct, one):
        rows = asyncio.run(_added(direct, one.url, seconds=seconds))
    with serving() as (direct, one):
        rows += asyncio.run(_carried(direct, one, seconds=seconds / 2))
    with serving() as (_, one):
        spent, lost, above = asyncio.run(_streamed(one.url, streams))
        one.end()
        on_record = recorded(one.ledger)
    return [
        *rows,
        exactly(f"of {streams} streams at once, lost", lost, "", bar=0),
        exactly("of these, above their budget", above, "", bar=0),
        exactly("tokens of all, less those on record", spent - on_record, "", bar=0),
        *killed(kills),
        *lasting(requests),
    ]


def recorded(ledger: Path) -> int:
    """Tokens of all attempts but those that asked what the endpoint supports, by plain SQL."""
    with closing(sqlite3.connect(ledger)) as connection:
        found = connection.execute(
            "SELECT SUM(billed_prompt_tokens + billed_completion_tokens) FROM attempts "
            "WHERE state = 'settled' AND role <> 'probe'"
        ).fetchone()
    return int(found[0] or 0)


@contextmanager
def serving(held: float = 0.0) -> Iterator[tuple[str, GatewayProcess]]:
    """The URL of a model's server that holds its answers for so long, and a gateway before it."""
    plan = replace(PLAIN, latency=Latency(median=held))
    with (
        TemporaryDirectory() as folder,
        ServerProcess(plan) as server,
        GatewayProcess(server.url, Path(folder)) as one,
    ):
        yield server.url, one


async def _added(direct: str, through: str, *, seconds: float) -> list[Row]:
    """Both are asked in turn, so that what else the machine does falls on both."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        for url in (direct, through):
            await _paced(lambda url=url: post(http, url), seconds=1.0)  # type: ignore[misc]
        turns = []
        for _ in range(TURNS):
            bare = await _paced(lambda: post(http, direct), seconds=seconds / TURNS)
            whole = await _paced(lambda: post(http, through), seconds=seconds / TURNS)
            turns.append((bare, whole))
    rows = []
    for share, bar in ADDED.items():
        both = [[1000 * float(np.percentile(took, share)) for took in turn] for turn in turns]
        added = median(whole - bare for bare, whole in both)
        bare, whole = (median(column) for column in zip(*both, strict=True))
        rows.append(at_most(f"added at p{share}, 64 in flight", added, "ms", bar=bar))
        rows.append(figure(f"a request at p{share}", whole, "ms", baseline=bare))
    return rows


async def _paced(ask: Ask, *, seconds: float) -> list[float]:
    """Seconds of each request, one every 64th of the time that an answer is held."""
    took: list[float] = []

    async def timed() -> None:
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)

    loop, every = asyncio.get_running_loop(), HELD / IN_FLIGHT
    async with asyncio.TaskGroup() as group:
        began = loop.time()
        for place in range(int(seconds / every)):
            await asyncio.sleep(max(0.0, began + place * every - loop.time()))
            group.create_task(timed())
    return took


async def _carried(direct: str, one: GatewayProcess, *, seconds: float) -> list[Row]:
    """Requests a second by 64 clients that wait for nothing but the last answer."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await _closed(lambda: post(http, one.url), seconds=0.5)
        bare = await _closed(lambda: post(http, direct), seconds=seconds)
        before = one.cpu
        whole = await _closed(lambda: post(http, one.url), seconds=seconds)
        cpu = 1e6 * (one.cpu - before) / whole
    return [
        figure("requests per second, zero latency", whole / seconds, "", baseline=bare / seconds),
        figure("processor time of the gateway per request", cpu, "µs"),
    ]


async def _closed(ask: Ask, *, seconds: float) -> int:
    end, asked = time.perf_counter() + seconds, 0

    async def work() -> None:
        nonlocal asked
        while time.perf_counter() < end:
            await ask()
            asked += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(work())
    return asked


async def _streamed(url: str, streams: int) -> tuple[int, int, int]:
    """Tokens that all streams told, those that were lost, and those above their ceiling."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(300)
    ) as http:
        told = await asyncio.gather(*(_stream(http, url) for _ in range(streams)))
    known = [tokens for tokens in told if tokens is not None]
    return sum(known), streams - len(known), sum(tokens > CEILING for tokens in known)


async def _stream(http: aiohttp.ClientSession, url: str) -> int | None:
    """The tokens of one vote of three, as its last chunk has them; None: it did not end."""
    own = {"strategy": "majority_vote(n=3)", "budget": f"{CEILING} tokens"}
    options = {"stream": True, "stream_options": {"include_usage": True}, "tts": own}
    async with http.post(f"{url}/chat/completions", json={**BODY, **options}) as response:
        lines = (await response.text()).splitlines()
    events = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    if not events or events[-1] != "[DONE]":
        return None
    return int(json.loads(events[-2])["usage"]["total_tokens"])
