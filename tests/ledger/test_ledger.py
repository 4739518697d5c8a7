from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import LedgerError
from tts.ledger import JobLeases, Ledger
from tts.ledger.attempts import MOST_GIVEN_UP, Attempts
from tts.ledger.batch import Batch
from tts.ledger.codec import of_bill
from tts.protocols import JobRow, Journal, Leases, OutcomeRow, TextRow
from tts.values import Usage


async def test_a_committed_call_is_found(opened: Any, rows: Any) -> None:
    async with opened() as ledger:
        assert ledger.find("k") is None
        await ledger.commit(rows.call("k"))
        assert ledger.find("k") == rows.call("k")


async def test_a_call_is_found_after_opening_again_and_loading_its_problem(
    opened: Any, rows: Any
) -> None:
    async with opened() as ledger:
        await ledger.commit(rows.run())
        await ledger.commit(rows.call("k", content=b'{"text":"\xc3\xa9\\u0000"}', degraded="x"))
        recorded = ledger.find("k")
    async with opened() as ledger:
        assert ledger.find("k") is None
        await ledger.load("p")
        assert ledger.find("k") == recorded
        ledger.forget("p")
        assert ledger.find("k") is None


async def test_loading_a_problem_brings_the_calls_of_others_that_its_runs_used(
    opened: Any, rows: Any
) -> None:
    async with opened() as ledger:
        used = rows.use("n", key="k", run_id="r2")
        await ledger.commit(rows.call("k"), rows.run("r2", problem_id="p2"), used)
    async with opened() as ledger:
        await ledger.load("p2")
        assert ledger.find("k") == rows.call("k")


async def test_a_call_of_another_job_is_not_found(opened: Any, rows: Any) -> None:
    async with opened() as ledger:
        await ledger.commit(rows.call("k"))
    async with opened(job="other") as ledger:
        await ledger.load("p")
        assert ledger.find("k") is None


async def test_the_first_call_of_a_key_stays(opened: Any, rows: Any) -> None:
    async with opened() as ledger:
        await ledger.commit(rows.run(), rows.call("k", content=b"1"))
        await ledger.commit(rows.call("k", content=b"2"), rows.use("n"), rows.use("n"))
    async with opened() as ledger:
        await ledger.load("p")
        found = ledger.find("k")
        assert found is not None and found.content == b"1"


async def test_uses_come_back_as_written(opened: Any, rows: Any) -> None:
    unknown = Usage(calls=1, nanodollars=None, flops=None, gpu_microseconds=None)
    uses = [rows.use("a", attributed=unknown), rows.use("b", at=3.0, inputs="a,c")]
    async with opened() as ledger:
        ledger.write(*uses)
        ledger.write(rows.use("elsewhere", run_id="r2"))
        assert await ledger.uses("r") == uses


async def test_outcomes_and_texts_come_back_as_written(opened: Any, rows: Any) -> None:
    fields = {"job": "job", "run_id": "r"}
    outcome = OutcomeRow(**fields, node="n", kind="join", content=b'["a"]', attributed=rows.spent)
    async with opened() as ledger:
        await ledger.commit(outcome, TextRow("h", "a\0b\udc80"))
        assert await ledger.outcomes("r") == [outcome]
        assert await ledger.text("h") == "a\0b\udc80"


async def test_a_run_is_written_again_when_it_ends_and_never_reopened(
    opened: Any, rows: Any
) -> None:
    ended = rows.run(result=b"{}", stopped_by="done", attributed=rows.spent, billed=Usage())
    async with opened() as ledger:
        await ledger.commit(rows.run())
        assert await ledger.runs() == [rows.run()]
        await ledger.commit(ended)
        await ledger.commit(rows.run())
        assert await ledger.runs() == [ended]


async def test_what_a_run_was_billed_is_found_wherever_its_attempts_stand(
    opened: Any, rows: Any
) -> None:
    key = "0" * 32
    made = [rows.intent("a", key=key), rows.settled("a"), rows.call(key, input_hash=key)]
    failed = [rows.intent("b"), rows.settled("b", billed=rows.spent, error="it broke")]
    async with opened() as ledger:
        await ledger.commit(*made, rows.use("n", key=key))
        await ledger.commit(*failed, rows.intent("c"), rows.intent("d", run_id="another"))
        found = await ledger.billed("r")
    known = of_bill(rows.spent)
    assert found == known + known + of_bill(rows.worst)


async def test_the_first_manifest_of_a_job_stays(opened: Any) -> None:
    first = JobRow(job="job", kind="evaluation", manifest='{"a":1}', created_at=1.0)
    async with opened() as ledger:
        assert await ledger.recorded() is None
        await ledger.commit(first)
        await ledger.commit(JobRow(job="job", kind="x", manifest="{}", created_at=2.0))
        assert await ledger.recorded() == first


async def test_commits_are_delivered_in_the_order_of_their_handing_over(
    opened: Any, rows: Any
) -> None:
    order: list[int] = []
    async with opened() as ledger:
        for at in range(200):
            ledger.write(rows.intent(f"a{at}"))
            done = ledger.commit(rows.settled(f"a{at}"), rows.call(f"k{at}"))
            done.add_done_callback(lambda _, at=at: order.append(at))
            if at % 17 == 0:
                await asyncio.sleep(0)
        await ledger.commit()
    assert order == list(range(200))


async def test_a_cancelled_waiter_disturbs_nobody(opened: Any, rows: Any) -> None:
    async with opened() as ledger:
        ledger.commit(rows.call("k1")).cancel()
        await ledger.commit(rows.call("k2"))
        assert ledger.find("k1") is not None


async def test_an_attempt_that_ends_twice_stops_the_journal(opened: Any, rows: Any) -> None:
    ledger = opened()
    await ledger.commit(rows.intent("a"), rows.settled("a"))
    with pytest.raises(LedgerError, match="settled twice"):
        await ledger.commit(rows.settled("a"))
    with pytest.raises(LedgerError, match="settled twice"):
        ledger.write(rows.call("k"))
    await ledger.close()


async def test_what_was_unknown_may_come_to_be_known(opened: Any, rows: Any) -> None:
    async with opened() as ledger:
        await ledger.commit(rows.intent("a"), rows.settled("a", state="sent_unknown"))
        await ledger.commit(rows.settled("a"))


def test_attempts_given_up_are_remembered_up_to_a_number(rows: Any) -> None:
    attempts, names = Attempts("0a"), [f"a{at}" for at in range(MOST_GIVEN_UP + 1)]
    for name in names:
        Batch([rows.intent(name), rows.settled(name, state="sent_unknown")], attempts=attempts)
    Batch([rows.settled(names[1]), rows.settled(names[-1])], attempts=attempts)
    with pytest.raises(LedgerError, match="settled twice"):
        Batch([rows.settled(names[0])], attempts=attempts)


async def test_a_closed_ledger_refuses_instead_of_waiting(opened: Any, rows: Any) -> None:
    ledger = opened()
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerError, match="is closed"):
        await ledger.commit(rows.call("k"))


async def test_a_ledger_is_a_journal_and_its_leases_are_leases(sqlite_place: str) -> None:
    async with Ledger.open(sqlite_place, job="job") as ledger:
        journal: Journal = ledger
        leases: Leases = JobLeases(ledger)
        assert journal.find("k") is None and await leases.claim("p")


async def test_two_ledgers_write_to_one_place(opened: Any, rows: Any) -> None:
    async with opened() as one, opened() as two:
        await asyncio.gather(
            *(ledger.commit(rows.call(f"{at}")) for at in range(50) for ledger in (one, two))
        )
        await one.load("p")
        assert one.find("49") is not None


async def test_a_run_is_new_where_nothing_of_it_was_written_and_nobody_else_works(
    opened: Any, rows: Any
) -> None:
    async with opened() as ledger:
        await ledger.commit(rows.run("old"))
    async with opened() as ledger:
        assert not ledger.is_new("old", "p")
        assert ledger.is_new("young", "p") and not ledger.is_new("young", "p")


async def test_no_run_is_new_once_another_process_has_worked_on_the_job(opened: Any) -> None:
    async with opened() as ledger, opened() as other:
        assert not other.is_new("r", "p")
        assert await JobLeases(ledger).claim("p")
        assert not ledger.is_new("r", "other")
