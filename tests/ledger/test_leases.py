from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tts.errors import TakenOver, UnknownPrice
from tts.ledger import JobLeases, Ledger, MemoryLeases
from tts.ledger.connect import connect
from tts.ledger.rate_windows import block
from tts.values import Dimension, Usage

CAP: dict[Dimension, int] = {"nanodollars": 100_000, "tokens": 10**6}
LEAST: dict[Dimension, int] = {"nanodollars": 5_000, "tokens": 812}

DYING = """
import asyncio, os, sys
from tts.ledger import JobLeases, Ledger
from tts.protocols import IntentRow, SettledRow
from tts.values import Usage

worst = Usage(calls=1, prompt_tokens=300, completion_tokens=512, nanodollars=5000)
spent = Usage(calls=1, prompt_tokens=300, completion_tokens=200, nanodollars=1000)

def intent(name):
    return IntentRow(job="job", attempt=name, key=name, run_id="r", number=0, role="sample",
                     model="m", worst=worst, started_at=0.0, queued_s=0.0)

async def main():
    ledger = Ledger.open(sys.argv[1], job="job")
    leases = JobLeases(ledger)
    assert await leases.claim("p1")
    print(dict(await leases.draw({"nanodollars": 100_000}, {"nanodollars": 25_000}, most=64)), flush=True)
    ledger.write(intent("a"), intent("b"))
    await ledger.commit(SettledRow(job="job", attempt="a", state="settled", billed=spent,
                                   latency_s=1.0))
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""

DRAWING = """
import asyncio, random, sys
from tts.ledger import JobLeases, Ledger

async def main():
    drawn = 0
    async with Ledger.open(sys.argv[1], job="job") as ledger:
        leases = JobLeases(ledger)
        for _ in range(12):
            block = await leases.draw({"calls": 200}, {"calls": 3}, most=64)
            if block is None:
                break
            spent = random.randint(0, block["calls"])
            await leases.give_back({"calls": block["calls"] - spent})
            drawn += spent
        print(drawn, flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=-1, stdout=-1, text=True)


def died(place: str) -> bool:
    """Run a process that draws a block, sends two calls, settles one and is killed."""
    command = [sys.executable, "-c", DYING, place]
    return subprocess.run(command, stdout=-1, timeout=30, check=False).returncode == -9


def calls(amount: int) -> dict[Dimension, int]:
    return {"calls": amount}


def dollars(amount: int) -> dict[Dimension, int]:
    return {"nanodollars": amount}


async def test_a_claim_is_held_by_one_ledger_until_released(opened: Any) -> None:
    async with opened() as one, opened() as two:
        first, second = JobLeases(one), JobLeases(two)
        assert await first.claim("p1") and await first.claim("p1")
        assert not await second.claim("p1")
        await first.release("p1")
        assert await second.claim("p1")


async def test_releasing_what_another_holds_changes_nothing(opened: Any) -> None:
    async with opened() as one, opened() as two:
        assert await JobLeases(one).claim("p1")
        await JobLeases(two).release("p1")
        assert not await JobLeases(two).claim("p1")


async def test_a_closed_ledger_frees_its_claims_and_its_block(opened: Any) -> None:
    async with opened() as one:
        assert await JobLeases(one).claim("p1")
        await JobLeases(one).draw(CAP, LEAST, most=64)
    async with opened() as two:
        assert await JobLeases(two).claim("p1")
        assert await JobLeases(two).left(CAP) == CAP


async def test_what_a_closed_ledger_spent_stays_spent(opened: Any, rows: Any) -> None:
    async with opened() as one:
        await JobLeases(one).draw(CAP, LEAST, most=64)
        await one.commit(rows.intent("a"), rows.settled("a"), rows.intent("b"))
    async with opened() as two:
        left = await JobLeases(two).left(CAP)
        assert left == {"nanodollars": 100_000 - 1000 - 5000, "tokens": 10**6 - 500 - 812}


async def test_blocks_shrink_to_one_worst_case_and_end(opened: Any) -> None:
    async with opened() as ledger:
        leases, sizes = JobLeases(ledger), []
        while (drawn := await leases.draw(calls(100), calls(7), most=64)) is not None:
            sizes.append(drawn["calls"])
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] == 7 and 100 - 7 < sum(sizes) <= 100


async def test_what_is_given_back_can_be_drawn_by_others(opened: Any) -> None:
    async with opened() as one, opened() as two:
        assert await JobLeases(one).draw(calls(5), calls(5), most=64)
        assert await JobLeases(two).draw(calls(5), calls(5), most=64) is None
        await JobLeases(one).give_back(calls(5))
        assert await JobLeases(two).draw(calls(5), calls(5), most=64) == calls(5)


async def test_a_killed_process_is_reconciled_from_its_attempts(place: str) -> None:
    assert died(place)
    async with Ledger.open(place, job="job") as ledger:
        leases, cap = JobLeases(ledger), dollars(100_000)
        assert await leases.left(cap) == dollars(75_000)
        assert len(await leases.reconcile()) == 1
        assert await leases.left(cap) == dollars(100_000 - 1000 - 5000)
        assert await leases.claim("p1")


async def test_a_dead_block_is_reconciled_when_nothing_else_is_left(place: str) -> None:
    assert died(place)
    async with Ledger.open(place, job="job") as ledger:
        drawn = await JobLeases(ledger).draw(dollars(100_000), dollars(90_000), most=64)
        assert drawn == dollars(90_000)


async def test_an_unknown_price_in_the_past_refuses_a_ceiling_on_money(
    opened: Any, rows: Any
) -> None:
    async with opened() as one:
        await one.commit(rows.intent("a"), rows.settled("a", billed=Usage(nanodollars=None)))
    async with opened() as two:
        with pytest.raises(UnknownPrice):
            await JobLeases(two).draw(CAP, LEAST, most=64)
        assert await JobLeases(two).draw(calls(9), calls(1), most=64) is not None


async def test_a_process_that_was_taken_for_dead_writes_nothing_more(place: str) -> None:
    ledger = Ledger.open(place, job="job")
    engine = connect(place)
    with engine.connect() as connection:
        connection.execute(text("UPDATE leases SET live = (1 = 0)"))
    engine.dispose()
    with pytest.raises(TakenOver, match="no sign of life"):
        await JobLeases(ledger).draw(CAP, LEAST, most=64)
    with pytest.raises(TakenOver, match="no sign of life"):
        ledger.write()
    await ledger.close()


def test_eight_processes_never_exceed_the_cap(place: str) -> None:
    asyncio.run(Ledger.open(place, job="other").close())
    processes = [start(DRAWING, place) for _ in range(8)]
    spent = [int(process.stdout.readline()) for process in processes if process.stdout]
    for process in processes:
        process.communicate("\n")
    assert [process.returncode for process in processes] == [0] * 8
    assert 0 < sum(spent) <= 200


def test_a_block_holds_every_dimension_of_the_ceilings() -> None:
    left: dict[Dimension, int] = {"calls": 100, "tokens": 9}
    assert block(left, calls(1), most=64, processes=1) == {"calls": 25, "tokens": 0}
    assert block(left, {"tokens": 10}, most=64, processes=1) is None


async def test_leases_in_memory_keep_the_cap() -> None:
    leases = MemoryLeases()
    assert await leases.claim("p1")
    assert await leases.draw(calls(5), calls(5), most=64) == calls(5)
    assert await leases.draw(calls(5), calls(1), most=64) is None
    await leases.give_back(calls(2))
    assert await leases.draw(calls(5), calls(2), most=64) == calls(2)
    await leases.release("p1")


FLEET_CAP: dict[Dimension, int] = {"calls": 60, "tokens": 9000}
STEP = st.tuples(st.integers(0, 2), st.sampled_from(["draw", "return", "close"]), st.integers(1, 9))


class Fleet:
    """Three openings of one ledger that draw, spend and end in any order."""

    def __init__(self, place: str, rows: Any) -> None:
        self.place, self.rows, self.spent, self.count = place, rows, 0, 0
        self.members = [self.start() for _ in range(3)]

    def start(self) -> tuple[Ledger, JobLeases]:
        ledger = Ledger.open(self.place, job="job")
        return ledger, JobLeases(ledger)

    async def step(self, at: int, action: str, size: int) -> None:
        ledger, leases = self.members[at]
        if action == "close":
            await ledger.close()
            self.members[at] = self.start()
            return
        least: dict[Dimension, int] = {"calls": size, "tokens": size * 100}
        drawn = await leases.draw(FLEET_CAP, least, most=64)
        if drawn is None:
            return
        assert drawn.keys() == FLEET_CAP.keys() and all(
            drawn[name] >= least[name] for name in drawn
        )
        spend = drawn["calls"] if action == "draw" else drawn["calls"] // 2
        await self.pay(ledger, spend)
        if action == "return":
            await leases.give_back(
                {"calls": drawn["calls"] - spend, "tokens": drawn["tokens"] - spend * 100}
            )

    async def pay(self, ledger: Ledger, calls: int) -> None:
        self.count += 1
        self.spent += calls
        usage = Usage(calls=calls, completion_tokens=calls * 100)
        intent = self.rows.intent(f"a{self.count}", worst=usage)
        # Every second attempt is left open: it counts at its worst case.
        ended = [self.rows.settled(f"a{self.count}", billed=usage)] if self.count % 2 else []
        await ledger.commit(intent, *ended)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(steps=st.lists(STEP, max_size=15))
def test_no_order_of_draws_and_ends_exceeds_the_cap(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, steps: list[tuple[int, str, int]]
) -> None:
    async def work() -> None:
        fleet = Fleet(str(tmp_path_factory.mktemp("fleet") / "ledger.db"), rows)
        for step in steps:
            await fleet.step(*step)
            assert fleet.spent <= FLEET_CAP["calls"]
        for ledger, _ in fleet.members:
            await ledger.close()
        ledger, leases = fleet.start()
        left = {
            "calls": FLEET_CAP["calls"] - fleet.spent,
            "tokens": FLEET_CAP["tokens"] - fleet.spent * 100,
        }
        assert await leases.left(FLEET_CAP) == left
        await ledger.close()

    asyncio.run(work())
