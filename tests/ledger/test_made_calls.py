"""What an executor commits of a call that it made is one row."""

from __future__ import annotations

import sqlite3

from tts.backends.simulated import SimulatedGenerator
from tts.engine import Job, SessionOptions, open_session
from tts.ledger import JobLeases, Ledger
from tts.strategies import MajorityVote
from tts.values import Problem


async def test_a_call_with_its_attempt_and_its_use_is_one_row(sqlite_place: str) -> None:
    session = await open_session(SessionOptions(model=SimulatedGenerator(0.7), verifier=None))
    async with (
        Ledger.open(sqlite_place, job="job") as ledger,
        Job(session, name="job", journal=ledger, leases=JobLeases(ledger)) as job,
    ):
        await job.solve(Problem(id="p", prompt="1 + 1?"), MajorityVote(n=4))
    await session.close()
    tables = ("done", "call_rows", "use_rows", "attempt_rows")
    connection = sqlite3.connect(sqlite_place)
    found = [connection.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in tables]
    connection.close()
    assert found == [4, 0, 0, 0]
