"""`ledger`: what the durable journal costs per call."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from tts.eval.bench.cores import pinned
from tts.eval.bench.journal_rows import call_rows, intent_row, plain_values
from tts.eval.bench.meter import Meter
from tts.eval.bench.row import Row, at_most, figure
from tts.ledger import Ledger

CALLS, RUNS, TOGETHER = 20_000, 5, 256
POSTGRES = "TTS_TEST_POSTGRES"
"""Names the URL of a PostgreSQL server, where there is one to be measured."""


def ledger(*, calls: int = CALLS, runs: int = RUNS) -> list[Row]:
    """Processor time of intent, settlement, call and use of each call, with group commit."""
    with pinned(), TemporaryDirectory() as name:
        folder = Path(name)
        ours, bare = [Meter() for _ in range(runs)], [Meter() for _ in range(runs)]
        for turn in range(runs):
            asyncio.run(_journal(folder / f"{turn}.db", ours[turn], calls))
            with bare[turn]:
                _bare(folder / f"bare{turn}.db", calls)
        value, baseline = (median(m.cpu for m in meters) / calls * 1e6 for meters in (ours, bare))
        row = at_most("CPU per call, SQLite", value, "µs", bar=80, baseline=baseline)
        return [row, *_postgres(calls=calls, runs=runs)]


async def _journal(place: Path | str, meter: Meter, calls: int) -> None:
    async with Ledger.open(place, job=uuid4().hex) as journal:
        with meter:
            for start in range(0, calls, TOGETHER):
                batch = range(start, min(calls, start + TOGETHER))
                for number in batch:
                    journal.write(intent_row(number))
                await asyncio.gather(*[journal.commit(*call_rows(number)) for number in batch])


def _bare(place: Path, calls: int) -> None:
    """The same columns by `executemany` of the standard library, in transactions as large."""
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    inserts = list(_inserts(connection))
    for start in range(0, calls, TOGETHER):
        rows = [plain_values(n) for n in range(start, min(calls, start + TOGETHER))]
        with connection:
            for position, insert in enumerate(inserts):
                connection.executemany(insert, [row[position] for row in rows])
    connection.close()


def _inserts(connection: sqlite3.Connection) -> Iterator[str]:
    for position, values in enumerate(plain_values(0)):
        names = ", ".join(f"c{i}" for i in range(len(values)))
        connection.execute(f"CREATE TABLE t{position} ({names}, PRIMARY KEY (c0)) WITHOUT ROWID")
        yield f"INSERT INTO t{position} VALUES ({', '.join('?' * len(values))})"


def _postgres(*, calls: int, runs: int) -> list[Row]:
    """Reported where a server is named; the work of the server itself is not counted."""
    url = os.environ.get(POSTGRES)
    if not url:
        return []
    meters = [Meter() for _ in range(runs)]
    for meter in meters:
        asyncio.run(_journal(url, meter, calls))
    cpu, wall = (median(m.cpu for m in meters), median(m.wall for m in meters))
    return [
        figure("CPU per call, PostgreSQL", cpu / calls * 1e6, "µs"),
        figure("calls per second, PostgreSQL", calls / wall, ""),
    ]
