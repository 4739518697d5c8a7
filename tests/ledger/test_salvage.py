"""A row that the database does not take fails whoever waits for it, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tts.backends.simulated import SimulatedGenerator
from tts.engine import Job
from tts.errors import LedgerError, Unrecordable
from tts.ledger import JobLeases, Ledger
from tts.ledger.connect import connect
from tts.strategies import MajorityVote
from tts.values import Problem, Usage

TOO_MUCH = Usage(calls=1, prompt_tokens=1 << 70)


def states(place: str) -> dict[str, str]:
    """How each attempt stands."""
    engine = connect(place)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT key, state FROM attempts")).all()
    engine.dispose()
    return {row.key[-1]: row.state for row in found}


def answered(rows: Any, at: int, **call: Any) -> list[Any]:
    key = f"{at:032x}"
    return [
        rows.settled(f"a{at}"),
        rows.call(key, input_hash=key, **call),
        rows.use(f"n{at}", key=key),
    ]


async def test_of_calls_that_came_together_only_the_refused_one_fails(
    opened: Any, rows: Any, place: str
) -> None:
    async with opened() as ledger:
        ledger.write(*(rows.intent(f"a{at}", key=f"{at:032x}") for at in range(5)))
        came = [answered(rows, at, **({"usage": TOO_MUCH} if at == 2 else {})) for at in range(5)]
        results = await asyncio.gather(
            *(ledger.commit(*one) for one in came), return_exceptions=True
        )
        assert [type(one) for one in results] == [type(None)] * 2 + [Unrecordable] + [
            type(None)
        ] * 2
        await ledger.commit(rows.run())
        ledger.forget("p")
        await ledger.load("p")
        assert [ledger.find(f"{at:032x}") is not None for at in range(5)] == [1, 1, 0, 1, 1]
    assert states(place) == dict.fromkeys("01234", "settled")


async def test_what_is_claimed_beside_a_refused_row_is_claimed(opened: Any, rows: Any) -> None:
    async with opened() as ledger:
        refused = ledger.commit(rows.run("r", attributed=TOO_MUCH))
        assert await JobLeases(ledger).claim("p") == {"p"}
        with pytest.raises(Unrecordable, match="cannot hold what came"):
            await refused


async def test_a_name_that_one_database_cannot_hold_fails_its_runs_and_no_others(
    postgres_place: str, lab: Any
) -> None:
    session = lab.session(SimulatedGenerator(0.7))
    async with Ledger.open(postgres_place, job="job") as ledger:
        job = Job(session, name="job", journal=ledger, leases=JobLeases(ledger))
        async with job:
            good, bad = (Problem(id=name, prompt="What is it?") for name in ("good", "b\0d"))
            results = await asyncio.gather(
                *(job.solve(one, MajorityVote(n=4)) for one in (bad, good)), return_exceptions=True
            )
    assert isinstance(results[0], Unrecordable) and not isinstance(results[0], LedgerError)
    assert not isinstance(results[1], BaseException)
    assert results[1].stopped_by == "done" and results[1].usage.calls == 4
