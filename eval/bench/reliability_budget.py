"""`reliability`, the part about money: a wallet that 256 calls at once, and 8 processes, ask for
(rows B1 and B3), on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.budget import CALLS, DRAWS, MAX_TOKENS, WORST, MeteredGenerator, shared_wallet
from tts.eval.bench.databases import postgres
from tts.eval.bench.measuring import billed
from tts.eval.bench.report import Row, at_most
from tts.ledger import JobLeases, Ledger
from tts.strategies import MajorityVote
from tts.values import Budget, Problem

CAP = CALLS * WORST
"""Tokens of the wallet: ten calls' worth."""


def wallets(processes: int) -> list[Row]:
    """In a file, and where `TTS_TEST_POSTGRES` names a server, there."""
    with TemporaryDirectory() as folder:
        rows = at_once(str(Path(folder) / "ledger.db"), "SQLite")
    rows += _labelled(shared_wallet(processes))
    with postgres() as url:
        if url is not None:
            rows += at_once(url, "PostgreSQL")
    with postgres() as url:
        if url is not None:
            rows += _labelled(shared_wallet(processes, url=url))
    return rows


def _labelled(rows: list[Row]) -> list[Row]:
    return [replace(row, what=f"B3 {row.what}") for row in rows]


def at_once(place: str, kind: str) -> list[Row]:
    """What leaves, and is billed, where 256 calls in flight would each like a share of the wallet."""
    sent = asyncio.run(_sent(place))
    spent = billed(place).tokens
    return [
        at_most(f"B1 calls that left of {DRAWS} at once, {kind}", sent, "", bar=CALLS),
        at_most(f"B1 billed beyond the wallet, {kind}", max(0, spent - CAP), "tokens", bar=0),
    ]


async def _sent(place: str) -> int:
    """Requests of one job on a ledger, each of which is answered with all it may be."""
    generator = MeteredGenerator(MAX_TOKENS)
    options = SessionOptions(
        model=generator, verifier=None, concurrency=DRAWS, sampling={"max_tokens": MAX_TOKENS}
    )
    session = await open_session(options)
    async with Ledger.open(place, job="bench") as ledger:
        leases, wallet = JobLeases(ledger), Budget(tokens=CAP)
        async with Job(session, name="bench", journal=ledger, leases=leases, wallet=wallet) as job:
            problem = Problem(id="p", prompt="question")
            await ledger.load(problem.id)
            await job.solve(problem, MajorityVote(n=DRAWS))
    await session.close()
    return generator.sent
