"""`client`: what a call costs the client, beside bare aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
from msgspec import Struct
from msgspec.structs import replace

from tts.backends.fault_server import FaultPlan, Latency
from tts.backends.openai_http import HTTPGenerator
from tts.engine import SessionOptions, open_session
from tts.eval.bench.measuring import Meter, pinned
from tts.eval.bench.processes import PLAIN, ServerProcess
from tts.eval.bench.report import Row, at_least, at_most, figure, within
from tts.eval.bench.workload import MAX_TOKENS, bare_calls, engine_calls
from tts.ledger import Ledger
from tts.values import Capabilities, Model

IN_FLIGHT = {64: 1.8, 512: 1.4}
"""Calls at once, and how many times the processor time of bare aiohttp each may take."""
CALLS = 4096
RUNS = 5
SLOW = replace(PLAIN, latency=Latency(median=1.0))
"""So slow that 512 requests leave before the first answer comes, on any machine."""
ORDINARY = replace(PLAIN, latency=Latency(median=0.05))
PLENTY = 1e12
"""Requests and tokens per minute: the limiter works and never holds anything up."""


class Took(Struct, frozen=True, kw_only=True):
    """The same calls by the engine and bare, turn by turn."""

    calls: int
    in_flight: int
    engine: list[Meter]
    bare: list[Meter]
    stored: int
    """Bytes of the largest ledger once it is closed."""

    def median(self, meters: list[Meter], look: Callable[[Meter], float]) -> float:
        """Seconds of a call."""
        return median(look(meter) for meter in meters) / self.calls


def client(*, calls: int = CALLS, runs: int = RUNS) -> list[Row]:
    """All-in processor time per call at 64 and 512 in flight; the client has one core."""
    with pinned() as other:
        rows: list[Row] = []
        for in_flight, times in IN_FLIGHT.items():
            took = _took(PLAIN, other, in_flight, calls=calls, runs=runs)
            rows += [*_call_rows(took, times), *_ledger_rows(took)]
        return [*rows, *_reached(other), _on_the_clock(other, calls=calls, runs=runs)]


def _took(plan: FaultPlan, core: int | None, in_flight: int, *, calls: int, runs: int) -> Took:
    with ServerProcess(plan, core=core) as server, TemporaryDirectory() as folder:
        return asyncio.run(_compare(server.url, Path(folder), in_flight, calls=calls, runs=runs))


async def _compare(url: str, folder: Path, in_flight: int, *, calls: int, runs: int) -> Took:
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
    stored = max((folder / str(turn)).stat().st_size for turn in range(runs))
    return Took(calls=calls, in_flight=in_flight, engine=whole, bare=bare, stored=stored)


def _call_rows(took: Took, times: float) -> list[Row]:
    where = f"at {took.in_flight} in flight"
    mine, theirs = (took.median(m, lambda m: m.cpu) for m in (took.engine, took.bare))
    wall, bare_wall = (took.median(m, lambda m: m.wall) for m in (took.engine, took.bare))
    return [
        within(f"CPU per call {where}", mine * 1e6, "µs", baseline=theirs * 1e6, times=times),
        at_least(f"calls per CPU second {where}", 1 / mine, "", bar=6000, baseline=1 / theirs),
        figure(f"calls per second on the clock {where}", 1 / wall, "", baseline=1 / bare_wall),
    ]


def _ledger_rows(took: Took) -> list[Row]:
    """Every thread but the event loop's works for the ledger; its file holds the schema too."""
    where = f"at {took.in_flight} in flight"
    threads = took.median(took.engine, lambda meter: meter.elsewhere)
    return [
        at_most(f"CPU per call of the ledger's threads {where}", threads * 1e6, "µs", bar=20),
        at_most(f"disk per call {where}", took.stored / took.calls / 1000, "kB", bar=0.6),
    ]


def _on_the_clock(core: int | None, *, calls: int, runs: int) -> Row:
    took = _took(ORDINARY, core, 512, calls=calls, runs=runs)
    engine, bare = (1 / took.median(m, lambda m: m.wall) for m in (took.engine, took.bare))
    what = "calls per second on the clock at 512 in flight, 50 ms latency"
    return at_least(what, engine, "", bar=2500, baseline=bare)


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
