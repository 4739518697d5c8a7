"""`kill`: a comparison that is killed again and again ends as if it had not been."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from tts.backends.fault_server import FaultPlan, Latency
from tts.eval.bench.measuring import billed
from tts.eval.bench.processes import CompareProcess, ServerProcess, served_options, write_questions
from tts.eval.bench.report import Row, at_most, exactly, figure
from tts.ledger import Ledger
from tts.protocols import RunRow

PROBLEMS, KILLS, SEED = 50, 20, 7
DRAWS = 40
PLAN = FaultPlan(
    dialect="openai", latency=Latency(kind="lognormal", median=0.05, sigma=0.5), seed=SEED
)
BUDGETS = ("none", "6k tokens")
CONCURRENCY = 64
LOOK = 0.005
"""Seconds between two looks at the server's count."""


def _compare(place: Path, url: str, problems: int, draws: int, *, first: int = 0) -> CompareProcess:
    """Two votes under two budgets, the smaller vote on draws of the larger one."""
    questions = write_questions(place.with_suffix(".jsonl"), range(first, first + problems))
    votes = dict.fromkeys((draws, max(1, draws // 5)))
    return CompareProcess(
        place,
        [
            *served_options(url, questions, concurrency=CONCURRENCY),
            *(("--strategies", f"majority_vote(n={n})") for n in votes),
            *(("--budgets", budget) for budget in BUDGETS),
        ],
    )


def kill(*, problems: int = PROBLEMS, kills: int = KILLS) -> list[Row]:
    """2,000 calls by the real command against the shipped server, killed at random points."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        probes = _probes(folder)
        with ServerProcess(PLAN) as server:
            _compare(folder / "whole", server.url, problems, DRAWS).finish()
            needed = sum(n for body, n in server.served().bodies.items() if body not in probes)
        return _killed(folder, probes, needed, problems, kills)


def _probes(folder: Path) -> set[str]:
    """The bodies by which the command finds out what a server can do, on every start."""
    with ServerProcess(PLAN) as server:
        _compare(folder / "one", server.url, 1, 1).finish()
        first = set(server.served().bodies)
    with ServerProcess(replace(PLAN, words=30)) as server:
        _compare(folder / "other", server.url, 1, 1, first=1).finish()
        return first & set(server.served().bodies)


def _killed(folder: Path, probes: set[str], needed: int, problems: int, kills: int) -> list[Row]:
    """A call is in flight until it is committed: one life's requests, less what it committed."""
    place, flying, known = folder / "killed", [0], 0
    started = time.monotonic()
    with ServerProcess(PLAN) as server:
        for mark in sorted(Random(SEED).sample(range(1, needed), kills)):
            command = _compare(place, server.url, problems, DRAWS)
            _wait(server, command, probes, mark)
            command.kill()
            sent = _requests(server, probes)
            flying.append(sent - known - billed(place.with_suffix(".db")).finished)
            known = sent - billed(place.with_suffix(".db")).finished
        _compare(place, server.url, problems, DRAWS).finish()
        extra = _requests(server, probes) - needed
    twice = billed(place.with_suffix(".db")).twice
    return [
        *_same(folder),
        at_most("finished calls repeated", twice, "", bar=0),
        at_most(f"extra requests of {needed}, beside all in flight", extra, "", bar=sum(flying)),
        at_most(f"most in flight at one of {kills} kills", max(flying), "", bar=CONCURRENCY),
        figure("seconds for all kills and resumes", time.monotonic() - started, "s"),
    ]


def _requests(server: ServerProcess, probes: set[str]) -> int:
    """How many calls the server was sent, repeated ones counted again."""
    return sum(n for body, n in server.served().bodies.items() if body not in probes)


def _wait(server: ServerProcess, command: CompareProcess, probes: set[str], mark: int) -> None:
    """Until the server has seen so many different calls, or the command is over."""
    while command.running:
        if len(server.served().bodies.keys() - probes) >= mark:
            return
        time.sleep(LOOK)


def _same(folder: Path) -> list[Row]:
    """Runs of the two ledgers that differ, by what may not differ."""
    whole, killed = (
        asyncio.run(_runs(folder / "whole.db")),
        asyncio.run(_runs(folder / "killed.db")),
    )
    rows = [exactly("runs that ended", len(killed), "", bar=len(whole))]
    looks: dict[str, Callable[[RunRow], object]] = {
        "answers and scores": _result,
        "attributed figures": lambda row: row.attributed,
        "stops": lambda row: row.stopped_by,
    }
    for what, look in looks.items():
        pairs = ((look(row), look(killed[key])) for key, row in whole.items() if key in killed)
        rows.append(exactly(f"{what} that differ", sum(a != b for a, b in pairs), "", bar=0))
    return rows


async def _runs(place: Path) -> dict[str, RunRow]:
    async with Ledger.open(place, job="bench") as ledger:
        return {row.run_id: row for row in await ledger.runs() if row.stopped_by}


def _result(row: RunRow) -> object:
    """Answer and candidates, without what may differ: seconds and what was billed."""
    record = msgspec.json.decode(row.result or b"{}")
    return {name: record.get(name) for name in record if name not in ("seconds", "billed")}
