"""Processes claim pieces of work: each is held by one of them, and by somebody."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

from sqlalchemy import select, text

from tts.ledger import JobLeases, Ledger
from tts.ledger.connect import connect
from tts.ledger.holders import reconcile
from tts.ledger.tables import LEASES

CLAIMING = """
import asyncio, os, random, sys
from tts.ledger import JobLeases, Ledger

async def main():
    async with Ledger.open(sys.argv[1], job="job") as ledger:
        leases, left = JobLeases(ledger), [f"p{at}" for at in range(60)]
        print("ready", flush=True)
        sys.stdin.readline()
        random.shuffle(left)
        mine = []
        while left:
            some, left = left[:7], left[7:]
            mine += await leases.claim(*some)
        print(*mine, flush=True)
        if sys.argv[2] == "dies":
            os.kill(os.getpid(), 9)
        sys.stdin.readline()

asyncio.run(main())
"""
NAMES = {f"p{at}" for at in range(60)}


def fleet(place: str, *ways: str) -> list[subprocess.Popen[str]]:
    """Processes that want the same pieces at the same time."""
    command = [sys.executable, "-c", CLAIMING, place]
    started = [subprocess.Popen([*command, way], stdin=-1, stdout=-1, text=True) for way in ways]
    for process in started:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return started


def told(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_of_processes_that_want_the_same_each_piece_goes_to_one(place: str, opened: Any) -> None:
    asyncio.run(opened().close())
    processes = fleet(place, "stays", "stays", "stays", "stays")
    claims = [name for process in processes for name in told(process)]
    for process in processes:
        process.communicate("\n")
    assert sorted(claims) == sorted(NAMES)


def test_what_a_killed_process_held_goes_to_one_of_those_that_ask(place: str, opened: Any) -> None:
    asyncio.run(opened().close())
    [dead] = fleet(place, "dies")
    assert {*told(dead)} == NAMES
    dead.communicate()
    assert dead.returncode == -9
    processes = fleet(place, "stays", "stays", "stays")
    claims = [name for process in processes for name in told(process)]
    for process in processes:
        process.communicate("\n")
    assert sorted(claims) == sorted(NAMES)


async def test_who_is_giving_a_sign_of_life_is_not_waited_for_and_not_closed(
    postgres_place: str,
) -> None:
    """A lease that is locked is skipped; the same lease, free, would be closed: its process is gone."""
    engine = connect(postgres_place)
    async with Ledger.open(postgres_place, job="job") as ledger:
        await JobLeases(ledger).claim("p")
        gone = "UPDATE leases SET born = 'long ago' WHERE kind = 'process'"
        with engine.connect() as one, engine.connect() as two:
            one.execute(text(gone))
            one.exec_driver_sql("BEGIN")
            one.execute(select(LEASES).with_for_update())
            assert reconcile(two, "job") == []
            one.exec_driver_sql("ROLLBACK")
            assert reconcile(two, "job") == [ledger.process.token]
    engine.dispose()


async def test_what_is_on_record_of_a_claimed_problem_is_known_without_asking(
    opened: Any, rows: Any
) -> None:
    async with opened() as other:
        await other.commit(rows.run("old", problem_id="p"))
        async with opened() as ledger:
            assert await JobLeases(ledger).claim("p", "q") == {"p", "q"}
            assert not ledger.is_new("old", "p") and ledger.is_new("young", "p")
            assert ledger.is_new("other", "q") and not ledger.is_new("other", "q")
            assert [run.run_id for run in await ledger.runs(["p", "q"])] == ["old"]


async def test_what_others_did_with_what_was_let_go_is_known_when_it_is_claimed_again(
    opened: Any, rows: Any
) -> None:
    async with opened() as ledger, opened() as other:
        leases = JobLeases(ledger)
        await leases.claim("p")
        await leases.release("p")
        assert await JobLeases(other).claim("p")
        assert not await leases.claim("p")
        await other.commit(rows.run("r", problem_id="p"))
        await JobLeases(other).release("p")
        assert await leases.claim("p")
        assert not ledger.is_new("r", "p")
