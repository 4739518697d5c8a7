"""`client`: what a call costs the client, beside bare aiohttp."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
from msgspec.structs import replace

from tts.backends.fault_server import Latency
from tts.backends.openai_http import HTTPGenerator
from tts.engine import SessionOptions, open_session
from tts.eval.bench.cores import pinned
from tts.eval.bench.meter import Meter
from tts.eval.bench.row import Row, at_least, figure, within
from tts.eval.bench.server_process import PLAIN, ServerProcess
from tts.eval.bench.workload import MAX_TOKENS, bare_calls, engine_calls
from tts.ledger import Ledger
from tts.values import Capabilities, Model

IN_FLIGHT = (64, 512)
CALLS = 4096
RUNS = 5
SLOW = replace(PLAIN, latency=Latency(median=1.0))
"""So slow that 512 requests leave before the first answer comes, on any machine."""
PLENTY = 1e12
"""Requests and tokens per minute: the limiter works and never holds anything up."""


def client(*, calls: int = CALLS, runs: int = RUNS) -> list[Row]:
    """All-in processor time per call at 64 and 512 in flight; the client has one core."""
    with pinned() as other:
        rows: list[Row] = []
        for in_flight in IN_FLIGHT:
            with ServerProcess(core=other) as server, TemporaryDirectory() as folder:
                rows += asyncio.run(
                    _compare(server.url, Path(folder), in_flight, calls=calls, runs=runs)
                )
        return [*rows, *_reached(other)]


async def _compare(url: str, folder: Path, in_flight: int, *, calls: int, runs: int) -> list[Row]:
    whole, bare = [Meter() for _ in range(runs)], [Meter() for _ in range(runs)]
    session = await open_session(options(url, in_flight))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await bare_calls(http, url, calls=2 * in_flight, in_flight=in_flight)
        async with Ledger.open(folder / "warm", job="bench") as ledger:
            await engine_calls(session, ledger, calls=2 * in_flight, in_flight=in_flight)
        for turn in range(runs):
            with bare[turn]:
                await bare_calls(http, url, calls=calls, in_flight=in_flight)
            async with Ledger.open(folder / str(turn), job="bench") as ledger:
                with whole[turn]:
                    await engine_calls(session, ledger, calls=calls, in_flight=in_flight)
    await session.close()
    return _rows(in_flight, whole, bare, calls)


def _rows(in_flight: int, whole: list[Meter], bare: list[Meter], calls: int) -> list[Row]:
    mine, theirs = (median(meter.cpu for meter in meters) / calls for meters in (whole, bare))
    where = f"at {in_flight} in flight"
    wall = median(calls / meter.wall for meter in whole)
    bare_wall = median(calls / meter.wall for meter in bare)
    return [
        within(f"CPU per call {where}", mine * 1e6, "µs", baseline=theirs * 1e6, times=2.5),
        at_least(f"calls per CPU second {where}", 1 / mine, "", bar=3000, baseline=1 / theirs),
        figure(f"calls per second on the clock {where}", wall, "", baseline=bare_wall),
    ]


def _reached(core: int | None) -> list[Row]:
    """Whether 512 calls are really under way together, as a server that takes a second sees it."""
    with ServerProcess(SLOW, core=core) as server, TemporaryDirectory() as folder:
        asyncio.run(_once(server.url, Path(folder)))
        return [at_least("most in flight of 512", server.served().most_in_flight, "", bar=512)]


async def _once(url: str, folder: Path) -> None:
    session = await open_session(options(url, 512))
    async with Ledger.open(folder / "ledger", job="bench") as ledger:
        await engine_calls(session, ledger, calls=1024, in_flight=512)
    await session.close()


def options(url: str, in_flight: int) -> SessionOptions:
    """A remote model with every limit switched on."""
    return SessionOptions(
        model=HTTPGenerator(
            Model(name="simulated"), base_url=url, capabilities=Capabilities(seed=True)
        ),
        verifier=None,
        concurrency=in_flight,
        adaptive=False,
        requests_per_minute=PLENTY,
        tokens_per_minute=PLENTY,
        sampling={"max_tokens": MAX_TOKENS},
    )
