"""`gateway`: what `tts serve` adds to a call, beside the same call sent straight to the model's server.

The client is the same bare one for both. A closed loop of 64 on one processor says how many requests
it carries a second; what it adds to one of them shows where 64 are in flight because the model takes
its time, since with no latency at all the clients only wait for each other.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import aiohttp
import numpy as np
from msgspec.structs import replace

from tts.backends.fault_server import Latency
from tts.eval.bench.processes import PLAIN, ServerProcess
from tts.eval.bench.report import Row, at_most, exactly, figure

IN_FLIGHT = 64
TURNS = 6
"""How often both are asked in turn; figures are medians over them."""
HELD = 0.5
"""Seconds for which the model's server holds an answer, so that 64 are in flight at 128 a second."""
ADDED = {50: 4.0, 99: 15.0}
"""Milliseconds that may be added, by percentile."""
STREAMS = 512
CEILING = 2000
"""Tokens of a streamed request."""
BODY = {
    "model": "simulated",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "How far is post seven of the line? " * 4}],
}
Ask = Callable[[], Awaitable[Any]]


class GatewayProcess:
    """`tts serve` in front of a server, used as `with`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self.ledger = url, folder / "gateway.db"
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tts.cli", "serve", "--port", "0"]
        command += ["--ledger", str(self.ledger), "--model", "openai:simulated"]
        self._process = subprocess.Popen(
            [*command, "--base-url", self._url, "--no-adaptive"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(self.ledger.parent)},
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """In order: the ledger holds what was spent."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gateway(*, seconds: float = 12.0, streams: int = STREAMS) -> list[Row]:
    """Added latency at 64 in flight, requests a second, and 512 streams under budgets."""
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
            await _paced(lambda url=url: _post(http, url), seconds=1.0)  # type: ignore[misc]
        turns = []
        for _ in range(TURNS):
            bare = await _paced(lambda: _post(http, direct), seconds=seconds / TURNS)
            whole = await _paced(lambda: _post(http, through), seconds=seconds / TURNS)
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
        await _closed(lambda: _post(http, one.url), seconds=0.5)
        bare = await _closed(lambda: _post(http, direct), seconds=seconds)
        before = one.cpu
        whole = await _closed(lambda: _post(http, one.url), seconds=seconds)
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


async def _post(http: aiohttp.ClientSession, url: str) -> None:
    async with http.post(f"{url}/chat/completions", json=BODY) as response:
        reply = json.loads(await response.read())
        assert reply["choices"][0]["message"]["content"]


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
