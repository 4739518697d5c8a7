"""A request that waits for nothing but its slot and its answer: every way in which it may end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.engine import Job
from tts.errors import (
    BadReply,
    BadRequest,
    CallFailed,
    CallTimeout,
    LedgerError,
    NotSent,
    RateLimited,
    Suspended,
    Unauthorized,
    Unavailable,
)
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimiter
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import GenerateReply, IntentRow, SettledRow, UseRow
from tts.values import OPEN, Budget, Usage

POOL = "scripted"
LINES = [f"{i} \\boxed{{{i}}}" for i in range(64)]


async def one(problem: Any, run: Any) -> Any:
    """Draws once and answers with it."""
    (draft,) = run.sample(problem)
    return await draft


async def many(problem: Any, run: Any) -> Any:
    """Draws twelve times."""
    drafts = await run.all(run.sample(problem, n=12))
    return drafts[0] if drafts else None


def attempts(lab: Any, book: Any) -> tuple[int, int]:
    """Attempts that were begun, and that were settled."""
    return len(lab.rows(book, IntentRow)), len(lab.rows(book, SettledRow))


def test_an_answer_is_delivered_without_a_task(lab: Any) -> None:
    model, book = lab.Callbacks(lab.scripted(LINES)), MemoryJournal(job="lab")
    result = lab.run(lab.solve(one, model, journal=book))
    assert (result.answer, result.stopped_by, model.begun) == ("0", "done", 1)
    assert attempts(lab, book) == (1, 1)


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("down"),
        RateLimited("slow", retry_after=3.0),
        CallTimeout("late"),
        BadReply("what"),
        BadRequest("no"),
        NotSent("gone"),
    ],
)
def test_a_failure_leaves_the_same_books_by_either_road(lab: Any, error: Any) -> None:
    found = []
    for road in (lab.Slow, lambda *a, **k: lab.Callbacks(lab.Slow(*a, **k))):
        lines, book = dict.fromkeys((1, 4), error), MemoryJournal(job="lab")
        model = road(lab.words(lambda *a, told=lines: told.pop(a[2], LINES[a[2]])), fixed=1.0)
        result = lab.run(lab.solve(many, model, journal=book))
        found.append((result.answer, result.missing, result.usage, result.billed, lab.books(book)))
    assert found[0] == found[1]


def test_an_error_raised_by_begin_is_one_of_the_call(lab: Any) -> None:
    model, book = lab.Callbacks(lab.scripted(LINES), Unavailable("x")), MemoryJournal(job="lab")
    result = lab.run(lab.solve(one, model, journal=book))
    assert (result.answer, attempts(lab, book)) == ("0", (2, 2))


def test_a_bug_of_begin_fails_its_call_and_no_other(lab: Any) -> None:
    model, gate = lab.Callbacks(lab.scripted(LINES), ZeroDivisionError("x")), Gate(1)
    result = lab.run(lab.solve(many, model, gate=gate))
    assert result.missing == {"Crashed: ZeroDivisionError: x": 1}
    assert len(result.candidates) == 11 and gate.in_flight(POOL) == 0


def test_a_request_that_cannot_leave_now_is_held_once(lab: Any) -> None:
    model, gate = lab.Callbacks(lab.scripted(LINES), "now", "now"), Gate(1)
    wallet = Budget(calls=12)
    result = lab.run(lab.solve(many, model, gate=gate, wallet=wallet))
    assert (result.stopped_by, len(result.candidates)) == ("done", 12)
    assert gate.in_flight(POOL) == 0


class SlowBooks(MemoryJournal):
    """Takes a second to commit."""

    def commit(self, *rows: Any) -> Any:
        loop = asyncio.get_running_loop()
        durable = loop.create_future()
        loop.call_later(1.0, self._deliver, rows, durable)
        return durable


MOMENTS = {
    "queued": (["never"], 0.5, MemoryJournal),
    "on the wire": ([], 0.5, MemoryJournal),
    "being committed": ([], 1.5, SlowBooks),
    "by a task not begun": (["now", "now"], 0.0, MemoryJournal),
    "by a task on the wire": (["now", "now"], 0.5, MemoryJournal),
    "by a task being committed": (["now", "now"], 1.5, SlowBooks),
}


def laid_out(lab: Any, moment: str) -> tuple[Any, float, Any, Gate]:
    turns, seconds, books = MOMENTS[moment]
    model = lab.Callbacks(lab.Slow(lab.scripted(LINES), fixed=1.0), *turns)
    return model, seconds, books(job="lab"), Gate(1 if moment == "queued" else 4)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_dropped_call_gives_back_what_it_holds(lab: Any, moment: str) -> None:
    model, seconds, book, gate = laid_out(lab, moment)

    async def solve(problem: Any, run: Any) -> Any:
        drafts = run.sample(problem, n=2)
        await asyncio.sleep(seconds)
        run.drop(drafts)
        return (await run.all(run.sample(problem, n=4)))[0]

    result = lab.run(lab.solve(solve, model, journal=book, gate=gate))
    assert result.stopped_by == "done"
    begun, settled = attempts(lab, book)
    assert begun == settled and gate.statistics().in_flight == 0
    assert model.aborted == {"queued": 1, "on the wire": 2}.get(moment, 0)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_job_that_closes_settles_every_attempt_and_lets_nobody_wait(
    lab: Any, moment: str
) -> None:
    model, seconds, book, gate = laid_out(lab, moment)

    async def main() -> None:
        session = lab.session(model, gate=gate)
        job = Job(session, name="lab", journal=book, leases=MemoryLeases())
        async with job:
            solving = asyncio.create_task(job.solve(lab.problem, lab.Told(many)))
            await asyncio.sleep(seconds)
            for _ in range(4 if not seconds else 0):
                await asyncio.sleep(0)
        with pytest.raises(Suspended):
            await asyncio.wait_for(solving, 5.0)
        await asyncio.sleep(5.0)
        assert len(asyncio.all_tasks()) == 1

    lab.run(main())
    begun, settled = attempts(lab, book)
    assert begun == settled and gate.statistics().in_flight == 0


@pytest.mark.parametrize("lives", range(1, 9))
@pytest.mark.parametrize("road", ["callbacks", "tasks"])
def test_a_broken_ledger_ends_the_job_and_frees_every_slot(lab: Any, lives: int, road: str) -> None:
    inner, gate = lab.Slow(lab.scripted(LINES)), Gate(3)
    model = lab.Callbacks(inner) if road == "callbacks" else inner
    with pytest.raises(LedgerError):
        book = lab.MortalJournal(job="lab", life=lives)
        lab.run(lab.solve(many, model, journal=book, gate=gate))
    assert (inner.open, gate.statistics().in_flight) == (0, 0)


def test_no_answer_in_time_is_a_time_out_told_once(lab: Any) -> None:
    model = lab.Callbacks(lab.scripted(LINES), *["never"] * 3)
    book, gate = MemoryJournal(job="lab"), Gate(2)
    result = lab.run(
        lab.solve(many, model, journal=book, gate=gate, timeout=2.0, retry=RetryPolicy(retries=0))
    )
    assert result.stopped_by == "outage" and model.aborted == 3
    timed_out = [row for row in lab.rows(book, SettledRow) if "No answer within 2 s" in row.error]
    assert len(timed_out) == 3 and gate.in_flight(POOL) == 0


def test_a_reply_with_too_few_draws_is_a_bad_one(lab: Any) -> None:
    class Short(lab.Callbacks):  # type: ignore[name-defined, misc]
        async def _draw(self, request: Any, meter: Any, drawn: Any, turn: str) -> None:
            drawn(GenerateReply(completions=(), usage=Usage(calls=1, prompt_tokens=3)))

    gate = Gate(2)
    result = lab.run(lab.solve(many, Short(lab.scripted(LINES)), gate=gate))
    assert result.missing == {"BadReply: 0 draws came for 1 asked for.": 12}
    assert gate.in_flight(POOL) == 0


@pytest.mark.parametrize("method", ["value", "attributed"])
@pytest.mark.parametrize("prompt", [False, True])
def test_code_of_an_operation_that_raises_after_its_answer_fails_that_call_alone(
    lab: Any, method: str, prompt: bool
) -> None:
    def raising(*_: Any, **__: Any) -> Any:
        raise ArithmeticError("oops")

    async def solve(problem: Any, run: Any) -> Any:
        tool = lab.Tool("bad", prompt=prompt)
        setattr(tool, method, raising)
        bad, good = run.call(tool, 1), run.call(lab.Tool("good", prompt=prompt), 2)
        with pytest.raises(Exception, match="ArithmeticError: oops"):
            await bad
        assert await good
        return lab.answer

    gate = Gate(1)
    assert lab.run(lab.solve(solve, gate=gate)).stopped_by in ("done", "incomplete")
    assert gate.statistics().in_flight == 0


def test_what_waits_when_an_outage_begins_goes_on_by_tasks_and_arrives(lab: Any) -> None:
    model = lab.Callbacks(lab.Slow(lab.scripted(LINES), fixed=1.0), NotSent("gone"))
    book, gate = MemoryJournal(job="lab"), Gate(2)
    result = lab.run(lab.solve(many, model, journal=book, gate=gate))
    assert (result.stopped_by, len(result.candidates)) == ("done", 12)
    assert attempts(lab, book) == (13, 13) and gate.in_flight(POOL) == 0


def test_a_rate_that_has_to_be_waited_for_keeps_the_slot(lab: Any) -> None:
    model, gate = lab.Callbacks(lab.scripted(LINES)), Gate(3)

    async def main() -> tuple[Any, float]:
        rates = {POOL: RateLimiter(6, None)}
        result = await lab.solve(many, model, gate=gate, rates=rates)
        return result, asyncio.get_running_loop().time()

    result, seconds = lab.run(main())
    assert len(result.candidates) == 12 and seconds == pytest.approx(60.0, abs=1.0)
    assert gate.in_flight(POOL) == 0


def test_an_empty_wallet_suspends_and_frees_the_slots(lab: Any) -> None:
    model, gate, book = lab.Callbacks(lab.scripted(LINES)), Gate(3), MemoryJournal(job="lab")
    result = lab.run(lab.solve(many, model, gate=gate, journal=book, wallet=Budget(calls=5)))
    assert result.stopped_by in OPEN
    assert attempts(lab, book) == (5, 5) and gate.in_flight(POOL) == 0


def test_who_listens_is_streamed_to_by_a_task(lab: Any) -> None:
    model, heard, gate = lab.Callbacks(lab.scripted(LINES)), list[str](), Gate(1)

    async def solve(problem: Any, run: Any) -> Any:
        (draft,) = run.sample(problem)
        draft.hear(heard.append)
        return await draft

    assert lab.run(lab.solve(solve, model, gate=gate, wallet=Budget(calls=1))).stopped_by == "done"
    assert heard == [LINES[0]] and model.begun == 0 and gate.in_flight(POOL) == 0


def test_uses_of_one_draw_travel_as_one_request_and_are_charged_alike(lab: Any) -> None:
    model, book = lab.Callbacks(lab.scripted(LINES)), MemoryJournal(job="lab")

    async def solve(problem: Any, run: Any) -> Any:
        first, second = run.sample(problem, temperature=0), run.sample(problem, temperature=0)
        return (await run.all([*first, *second]))[0]

    lab.run(lab.solve(solve, model, journal=book))
    assert model.begun == 1
    assert sorted(row.origin for row in lab.rows(book, UseRow)) == ["joined", "made"]
    uses = [row.attributed for row in lab.rows(book, UseRow)]
    assert len({(use.tokens, use.nanodollars) for use in uses}) == 1
    assert sum(use.cached_prompt_tokens for use in uses) == 6, "one of them computes the prompt"


@pytest.mark.parametrize("prompt", [False, True])
@pytest.mark.parametrize("error", [BadReply("x"), Unavailable("x")])
def test_a_use_admitted_by_the_failure_of_its_twin_is_not_left_waiting(
    lab: Any, error: Any, prompt: bool
) -> None:
    tool = lab.Tool("twin", errors=[error], prompt=prompt, retries=0, most=60)

    async def solve(problem: Any, run: Any) -> Any:
        first, second = run.call(tool, 1), run.call(tool, 1)
        with pytest.raises(CallFailed):
            await first
        assert await second
        return lab.answer

    result = lab.run(lab.solve(solve, budget=Budget(tokens=140)))
    assert result.stopped_by in ("done", "incomplete") and len(tool.performed) == 2


def test_as_many_as_wait_may_fail_at_once(lab: Any) -> None:
    errors = [BadRequest("no") for _ in range(20_000)]
    model, gate = lab.Callbacks(lab.scripted(LINES), *errors), Gate(1)

    async def solve(problem: Any, run: Any) -> Any:
        assert len((await run.all(run.sample(problem, n=20_000))).failed) == 20_000

    lab.run(lab.solve(solve, model, gate=gate))
    assert gate.statistics().in_flight == 0


def test_wrong_credentials_stop_what_waits_for_a_slot_too(lab: Any) -> None:
    model, gate = lab.Callbacks(lab.scripted(LINES), Unauthorized("key")), Gate(1)
    with pytest.raises(Unauthorized):
        lab.run(lab.solve(many, model, gate=gate))
    assert model.begun == 0 and gate.in_flight(POOL) == 0


@pytest.mark.parametrize("prompt", [False, True])
def test_what_a_refusal_makes_room_for_ends_before_its_child_run_does_as_in_any_run(
    lab: Any, prompt: bool
) -> None:
    large, small = (
        lab.Tool(name, prompt=prompt, most=most) for name, most in (("a", 99), ("b", 9))
    )

    async def child(*, run: Any) -> Any:
        nodes = [run.call(large, 1), run.call(small, 2)]
        return await run.all(nodes)

    async def solve(problem: Any, run: Any) -> Any:
        return await run.spawn(child, share=0.5)

    book = MemoryJournal(job="lab")
    lab.run(lab.solve(solve, journal=book, budget=Budget(tokens=140)))
    assert attempts(lab, book) == (1, 1)
