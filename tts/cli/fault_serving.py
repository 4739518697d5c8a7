"""`tts faults serve`: the fault server in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from msgspec.structs import replace

from tts.backends.fault_server import LIKE, FaultPlan, FaultServer, Latency, Record, read_plan
from tts.cli.exits import run
from tts.cli.screen import Screen, write_out
from tts.errors import UnknownName, UsageError


def serve_faults(
    place: Path | None, *, like: str, port: int, words: int | None, latency: float | None
) -> None:
    """Serve until a signal comes, then say what was seen; raises `BadInput` for a bad plan."""
    plan = _plan(place, like)
    plan = replace(plan, keep_records=False)
    if words is not None:
        plan = replace(plan, words=words)
    if latency is not None:
        plan = replace(plan, latency=Latency(median=latency))
    run(_served(plan, port))


def _plan(place: Path | None, like: str) -> FaultPlan:
    if place is not None and like:
        raise UsageError("A plan may be like a server already: give --plan or --like.")
    if like and like not in LIKE:
        raise UnknownName("server", like, list(LIKE), flag="--like")
    return read_plan(place) if place is not None else LIKE[like or "vllm"]


async def _served(plan: FaultPlan, port: int) -> None:
    server = FaultServer(plan, port=port)
    try:
        await server.start()
    except OSError as error:
        raise UsageError(f"Port {port} cannot be listened on: {error.strerror}.") from error
    write_out(server.url)
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()
        Screen(stderr=True, soft_wrap=True).print(seen(server.record))


def seen(record: Record) -> str:
    """What a server saw, in a line."""
    met = ", ".join(f"{number:,} {kind}" for kind, number in sorted(record.faults.items()))
    return (
        f"{record.requests:,} requests, {record.answered:,} answered, {record.cancelled:,} left by "
        f"their client, {record.most_in_flight:,} in flight at most; faults: {met or 'none'}"
    )
