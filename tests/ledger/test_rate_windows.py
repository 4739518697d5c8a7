from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from tts.ledger import Ledger, MemoryLeases
from tts.ledger.connect import connect
from tts.ledger.rate_windows import SECONDS, LedgerRateWindows, allowance
from tts.ledger.tables import RATE_WINDOWS

RATES: dict[Any, float] = {"calls": 1200.0, "tokens": 120_000.0}
LEAST: dict[Any, int] = {"calls": 1, "tokens": 90}

LEASING = """
import asyncio, sys
from tts.ledger import JobLeases, Ledger

async def main():
    async with Ledger.open(sys.argv[1], job=sys.argv[2]) as ledger:
        rates = JobLeases(ledger).rates
        for _ in range(30):
            lease = await rates.lease("m", {"calls": 1200.0, "tokens": 120_000.0},
                                      {"calls": 1, "tokens": 90}, most=64)
            if lease.amounts:
                print(lease.amounts["calls"], lease.amounts["tokens"], flush=True)

asyncio.run(main())
"""


def taken(place: str) -> list[tuple[int, int]]:
    engine = connect(place)
    with engine.connect() as connection:
        rows = connection.execute(select(RATE_WINDOWS.c.calls, RATE_WINDOWS.c.tokens)).all()
    engine.dispose()
    return [tuple(row) for row in rows]


def test_processes_of_several_jobs_lease_no_more_than_the_windows_hold(place: str) -> None:
    command = [sys.executable, "-c", LEASING, place]
    workers = [
        subprocess.Popen([*command, f"job{i % 2}"], stdout=subprocess.PIPE, text=True)
        for i in range(4)
    ]
    lines = [line for worker in workers for line in worker.communicate()[0].splitlines()]
    assert [worker.returncode for worker in workers] == [0] * 4
    leased = [tuple(map(int, line.split())) for line in lines]
    assert leased
    rows = taken(place)
    assert all(calls <= 100 and tokens <= 10_000 for calls, tokens in rows)
    assert sum(calls for calls, _ in leased) >= sum(calls for calls, _ in rows) > 0


def test_a_spent_window_says_when_the_next_one_opens(opened: Callable[..., Ledger]) -> None:
    async def scenario() -> None:
        async with opened() as ledger:
            rates, drawn = LedgerRateWindows(ledger, now=lambda _: 1000.0), 0
            while (lease := await rates.lease("m", RATES, LEAST, most=64)).amounts:
                drawn += lease.amounts["calls"]
                assert lease.opens_s == 0
            assert drawn == allowance(RATES["calls"], 200)
            assert (lease.opens_s, lease.ends_s) == (SECONDS, 2 * SECONDS)
            other = await rates.lease("another account", RATES, LEAST, most=64)
            assert other.amounts

    asyncio.run(scenario())


def test_what_a_dead_process_leased_ends_with_its_window(
    place: str, opened: Callable[..., Ledger]
) -> None:
    async def scenario() -> None:
        async with opened() as ledger:
            times = [1000.0]
            rates = LedgerRateWindows(ledger, now=lambda _: times[-1])
            for _ in range(3):
                times.append(times[-1] + SECONDS)
                while (await rates.lease("m", RATES, LEAST, most=64)).amounts:
                    assert len(taken(place)) == 1

    asyncio.run(scenario())


def test_a_process_that_has_its_job_to_itself_shares_no_rate() -> None:
    assert MemoryLeases().rates is None
