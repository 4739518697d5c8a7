"""`reliability`, the parts about servers that fail and disks that fail (rows F4, F8 and R5)."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from tts.backends.fault_server import Fault, FaultPlan, FaultServer, Latency
from tts.backends.openai_http import HTTPGenerator
from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.failing_io import compiled, failing
from tts.eval.bench.measuring import billed
from tts.eval.bench.processes import (
    CompareProcess,
    Option,
    ServerProcess,
    served_options,
    write_questions,
)
from tts.eval.bench.report import Row, at_least, at_most, exactly
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.strategies import MajorityVote
from tts.values import Model, Problem

PROBLEMS, DRAWS, CONCURRENCY, SEED = 64, 32, 64, 7
GOOD = FaultPlan(
    dialect="openai", latency=Latency(median=0.02), seed=SEED, words=12, keep_records=False
)
STATUSES = (500, 502, 503, 529)
RETRIES = 6
"""Of F4: 0.3 ** 7 of the calls would fail after seven tries, 0.02 %."""
IDLE = 0.5
"""Seconds of silence after which a stream is given up."""
LOOK = 0.01
SOON = 2.0
"""Seconds that a command may go on after its last request, once its ledger has failed."""
Disk = tuple[str, Sequence[str]]
"""What fails, and the command inside of which it does."""


def failing_server(*, problems: int = PROBLEMS) -> list[Row]:
    """Three requests in ten answered by a 5xx."""
    mix = tuple(Fault(kind="status", status=status) for status in STATUSES)
    plan = replace(GOOD, rate=0.3, mix=mix)
    with TemporaryDirectory() as name, ServerProcess(plan) as server:
        place = Path(name) / "job"
        options = [*_options(place, server.url, problems), ("--retries", str(RETRIES))]
        CompareProcess(place, options).end()
        tries = attempts(place.with_suffix(".db"))
    answered, calls = sum(one.answered for one in tries), len(tries)
    what = f"of {calls:,} calls, 30 % of requests 5xx"
    return [
        at_least(f"F4 answered {what}", 100 * answered / calls, "%", bar=99.9),
        at_most(f"F4 mean tries {what}", sum(one.tries for one in tries) / calls, "", bar=1.5),
    ]


class Tries(Struct, frozen=True):
    """What became of one call."""

    tries: int
    answered: int


def attempts(place: Path) -> list[Tries]:
    """Every call of a SQLite ledger that was sent, by plain SQL; probes are none."""
    connection = sqlite3.connect(place)
    try:
        rows = connection.execute(
            "SELECT COUNT(*), MAX(state = 'settled') FROM attempts WHERE role <> 'probe' "
            "GROUP BY job, key"
        ).fetchall()
    finally:
        connection.close()
    return [Tries(*row) for row in rows]


def stalled_stream(*, calls: int = 16) -> list[Row]:
    """One slot, and the first stream in it falls silent after three events."""
    gap, lost = asyncio.run(_stalled(calls))
    return [
        at_most("F8 seconds until the slot of a stalled stream is free", gap, "s", bar=IDLE * 1.1),
        at_least("F8 seconds until a stalled stream is given up", gap, "s", bar=IDLE * 0.9),
        exactly("F8 draws lost beside a stalled stream", lost, "", bar=0),
    ]


async def _stalled(calls: int) -> tuple[float, int]:
    script = (Fault(kind="stream_stall", keep=3), *(None for _ in range(3 * calls)))
    async with FaultServer(FaultPlan(script=script, dialect="openai")) as server:
        generator = Streamed(server.url)
        session = await open_session(
            SessionOptions(model=generator, verifier=None, concurrency=1, adaptive=False)
        )
        journal = MemoryJournal(job="bench")
        async with Job(session, name="bench", journal=journal, leases=MemoryLeases()) as job:
            problem = Problem(id="p", prompt="question")
            result = await job.solve(problem, MajorityVote(n=calls))
        await session.close()
        first, second, *_ = server.record.arrivals
    return second - first, calls - len(result.candidates)


class Streamed(HTTPGenerator):
    """Every draw is a stream, as where somebody watches."""

    begin = None  # type: ignore[assignment]

    def __init__(self, url: str) -> None:
        super().__init__(Model(name="simulated"), base_url=url, idle_timeout=IDLE)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        return await super().generate(request, meter, listener or _unheard)


def _unheard(index: int, text: str) -> None:
    """Nobody listens."""


def failing_disk(*, problems: int = PROBLEMS) -> list[Row]:
    """A ledger that cannot be written any more, from the middle of a job or from its start."""
    with TemporaryDirectory() as name, ServerProcess(GOOD) as server:
        folder = Path(name)
        rows = _stops(folder / "limited", server, problems, ("may grow no more (EFBIG)", LIMITED))
        if (library := compiled(folder)) is not None:
            broken = "cannot be written (EIO)", failing(library, "job.db", WRITES)
            rows += _stops(folder / "broken", server, problems, broken)
        if mounts():
            full = folder / "full"
            rows += _stops(full, server, problems, ("is full (ENOSPC)", mounted(full, _FULL)))
            rows += _refused(folder / "read-only", server)
    return rows


WRITES = 150
"""Of the ledger, before its disk fails: some hundred calls."""
LIMITED = ("sh", "-c", 'ulimit -f 1000; exec "$@"', "sh")
_FULL = (
    'mount -t tmpfs -o size=2m none "$0" && "$@"; code=$?; cp "$0"/job.db* "$0-kept"; exit $code'
)
_READ_ONLY = 'mount -t tmpfs -o ro none "$0" && exec "$@"'


def mounts() -> bool:
    """Whether a file system of its own can be made for a command here."""
    try:
        found = subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return found.returncode == 0


def mounted(folder: Path, script: str) -> Sequence[str]:
    """A shell in a mount namespace of its own, `$0` being the folder to mount at."""
    return ("unshare", "-rm", "sh", "-c", script, str(folder))


def _stops(folder: Path, server: ServerProcess, problems: int, disk: Disk) -> list[Row]:
    what, inside = disk
    kept = folder.with_name(f"{folder.name}-kept")
    for one in (folder, kept):
        one.mkdir()
    place, before = folder / "job", server.served().requests
    options = _options(folder, server.url, problems)
    job = CompareProcess(place, options, inside=inside)
    last, seconds = before, time.monotonic()
    while job.running:
        if (now := server.served().requests) != last:
            last, seconds = now, time.monotonic()
        time.sleep(LOOK)
    seconds = time.monotonic() - seconds
    ledger = next(one for one in (kept / "job.db", folder / "job.db") if one.exists())
    return [
        at_least(f"R5 exit code where the ledger {what}", job.end(), "", bar=1),
        at_most(
            f"R5 requests that are not in the ledger, which {what}",
            last - before - billed(ledger).calls,
            "",
            bar=CONCURRENCY,
        ),
        at_most(f"R5 from the last request to the end, the ledger {what}", seconds, "s", bar=SOON),
    ]


def _refused(folder: Path, server: ServerProcess) -> list[Row]:
    folder.mkdir()
    before = server.served().requests
    inside = mounted(folder, _READ_ONLY)
    job = CompareProcess(folder / "job", _options(folder, server.url, 1), inside=inside)
    code = job.end()
    sent = server.served().requests - before
    return [
        exactly("R5 exit code where the ledger's folder is read-only", code, "", bar=2),
        exactly("R5 requests sent where the ledger's folder is read-only", sent, "", bar=0),
    ]


def _options(place: Path, url: str, problems: int) -> list[Option]:
    questions = write_questions(place.with_suffix(".jsonl"), range(problems))
    return [
        *served_options(url, questions, concurrency=CONCURRENCY),
        ("--strategies", f"majority_vote(n={DRAWS})"),
    ]
