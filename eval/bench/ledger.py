"""`ledger`: what the durable journal costs per call."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from msgspec.structs import astuple

from tts.eval.bench.measuring import Meter, pinned
from tts.eval.bench.report import Row, at_most, figure
from tts.ledger import Ledger
from tts.protocols import CallRow, IntentRow, SettledRow, UseRow
from tts.protocols import Row as JournalRow
from tts.values import Usage

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


SPENT = Usage(calls=1, prompt_tokens=300, completion_tokens=200, nanodollars=1000, flops=10**16)
WORST = Usage(calls=1, prompt_tokens=300, completion_tokens=512, nanodollars=5000, flops=10**17)
TEXT = (
    b'{"finish_reason":"stop","text":"'
    + b"We add the first two numbers, then halve what is left. " * 6
    + b'"}'
)


def key_of(number: int) -> str:
    """As scattered as real keys are."""
    return blake2b(number.to_bytes(8, "big"), digest_size=16).hexdigest()


def intent_row(number: int) -> IntentRow:
    """An attempt about to be sent."""
    return IntentRow(
        job="bench",
        attempt=f"process-{number:x}",
        key=key_of(number),
        run_id=f"{number // 16:016x}",
        number=0,
        role="sample",
        model="simulated",
        worst=WORST,
        started_at=1.5,
        queued_s=0.25,
    )


def call_rows(number: int) -> tuple[JournalRow, JournalRow, JournalRow]:
    """Its settlement, the finished call and its use."""
    settled = SettledRow(
        job="bench", attempt=f"process-{number:x}", state="settled", billed=SPENT, latency_s=0.5
    )
    return settled, _call(number), _use(number)


def plain_values(number: int) -> list[tuple[object, ...]]:
    """The same columns as plain tuples: attempt, call, use; a number or a key stands first."""
    settled = call_rows(number)[0]
    spent = astuple(SPENT)
    attempt = (*astuple(intent_row(number))[:7], *astuple(WORST), *astuple(settled)[2:3], *spent)
    return [
        (number, *attempt),
        (*astuple(_call(number))[1:12], *spent),
        (f"{number // 16:016x}/{number % 16}", *astuple(_use(number))[3:8], *spent),
    ]


def _call(number: int) -> CallRow:
    return CallRow(
        job="bench",
        key=key_of(number),
        problem_id=f"p{number // 64}",
        operation="sample/math",
        version="1",
        role="sample",
        model="simulated",
        revision="",
        input_hash=key_of(number // 16),
        parent_key="",
        index=number % 16,
        content=TEXT,
        usage=SPENT,
    )


def _use(number: int) -> UseRow:
    return UseRow(
        job="bench",
        run_id=f"{number // 16:016x}",
        node=str(number % 16),
        key=key_of(number),
        role="sample",
        name="sample/math",
        inputs="",
        origin="made",
        attributed=SPENT,
        at=2.0,
    )
