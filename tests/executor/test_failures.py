"""Failures are data, stop only what depends on them, and never hang a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import (
    BadReply,
    CallFailed,
    CallTimeout,
    LedgerError,
    StrategyError,
    Unauthorized,
    Unavailable,
)
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal
from tts.protocols import Answer, OutcomeRow, SettledRow, UseRow
from tts.values import Budget

LINES = [f"{i} \\boxed{{{i}}}" for i in range(64)]


def test_a_call_fails_where_it_is_awaited_with_its_cause(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        with pytest.raises(CallFailed, match="BadReply: garbled") as caught:
            await run.call(lab.Tool(errors=[BadReply("garbled")]))
        assert isinstance(caught.value.cause, BadReply)

    lab.run(lab.solve(solve))


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError(), TimeoutError()])
def test_an_operation_that_raises_anything_hangs_nothing(lab: Any, error: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        bad = run.call(lab.Tool(errors=[error] * 9))
        with pytest.raises((StrategyError, CallFailed)):
            await bad
        assert await run.call(lab.Tool("good"))
        return lab.answer

    assert lab.run(lab.solve(solve)).stopped_by == "done"


@pytest.mark.parametrize("method", ["identity", "worst", "foresee", "value", "attributed"])
def test_every_part_of_an_operation_may_raise(lab: Any, method: str) -> None:
    def raising(*_: Any, **__: Any) -> Any:
        raise ArithmeticError("oops")

    async def solve(problem: Any, run: Any) -> None:
        tool = lab.Tool("bad")
        setattr(tool, method, raising)
        slow = run.call(lab.Tool("slow", seconds=1.0))
        with pytest.raises((StrategyError, CallFailed, ArithmeticError)):
            await run.call(tool, slow)
        assert len(await run.all([run.call(lab.Tool("good"), i) for i in range(3)])) == 3
        return lab.answer

    result = lab.run(lab.solve(solve, budget=Budget(tokens=500)))
    assert result.stopped_by in ("done", "incomplete")


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError()])
def test_a_local_coroutine_that_raises_anything_hangs_nothing(lab: Any, error: Any) -> None:
    async def broken() -> None:
        raise error

    async def solve(problem: Any, run: Any) -> None:
        with pytest.raises((StrategyError, CallFailed)):
            await run.call(broken)
        return lab.answer

    assert lab.run(lab.solve(solve)).stopped_by == "incomplete"


def test_a_strategy_that_raises_stops_as_a_bug_of_its_own_name(lab: Any) -> None:
    model = lab.Slow(lab.scripted(LINES), fixed=9.0)

    async def solve(problem: Any, run: Any) -> None:
        run.sample(problem, n=3)
        await asyncio.sleep(1)
        raise IndexError("bug")

    with pytest.raises(StrategyError, match="told raised IndexError: bug"):
        lab.run(lab.solve(solve, model))
    assert model.open == 0


def test_a_call_without_an_answer_in_time_fails_as_a_timeout(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        with pytest.raises(CallFailed) as caught:
            await run.call(lab.Tool(seconds=100.0, timeout=2.0, retries=0))
        assert isinstance(caught.value.cause, CallTimeout)

    lab.run(lab.solve(solve))


def test_a_reply_of_the_wrong_size_is_a_bad_reply(lab: Any) -> None:
    async def nothing(*_: Any) -> Answer:
        return Answer(replies=(), billed=lab.Tool().worst((), first=True))

    async def solve(problem: Any, run: Any) -> None:
        tool = lab.Tool()
        tool.perform = nothing
        with pytest.raises(CallFailed, match="0 draws came for 1"):
            await run.call(tool)

    lab.run(lab.solve(solve))


def test_a_retried_call_bills_every_attempt_and_attributes_once(lab: Any) -> None:
    book, tool = (
        MemoryJournal(job="lab"),
        lab.Tool(cost=3, errors=[Unavailable("1"), Unavailable("2")]),
    )

    async def solve(problem: Any, run: Any) -> None:
        await run.call(tool)

    result = lab.run(lab.solve(solve, journal=book))
    assert (result.usage.prompt_tokens, result.usage.calls) == (3, 1)
    assert (result.billed.prompt_tokens, result.billed.calls) == (10 + 10 + 3, 3)
    states = [row.state for row in lab.rows(book, SettledRow)]
    assert states == ["sent_unknown", "sent_unknown", "settled"]
    assert len(lab.rows(book, UseRow)) == 1


def test_a_failure_is_repeated_by_a_replay_in_the_same_words(lab: Any) -> None:
    book, tool = MemoryJournal(job="lab"), lab.Tool(errors=[BadReply("garbled")])

    async def solve(problem: Any, run: Any) -> None:
        await run.call(tool)

    live = lab.run(lab.solve(solve, journal=book))
    again = lab.run(lab.solve(solve, journal=lab.again(book)))
    assert (again.stopped_by, again.error) == (live.stopped_by, live.error)
    assert len(tool.performed) == 1


def test_wrong_credentials_stop_the_job_after_the_first_answer(lab: Any) -> None:
    model = lab.words(lambda *_: Unauthorized("wrong key"))

    async def solve(problem: Any, run: Any) -> None:
        await run.all(run.sample(problem, n=16))

    with pytest.raises(Unauthorized):
        lab.run(lab.solve(solve, lab.Slow(model, fixed=1.0), limit=1))
    assert len(model.requests) == 1


def test_no_call_is_sent_once_the_journal_has_failed(lab: Any) -> None:
    book, model = lab.MortalJournal(job="lab", life=4), lab.scripted(LINES)

    async def solve(problem: Any, run: Any) -> None:
        for node in run.sample(problem, n=16):
            await node

    with pytest.raises(LedgerError):
        lab.run(lab.solve(solve, lab.Slow(model, fixed=1.0), journal=book, limit=1))
    assert len(model.requests) <= 3


def test_a_join_that_cannot_be_journalled_raises_instead_of_crashing_the_group(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        await run.first([run.call(int, 1)])

    with pytest.raises(LedgerError):
        lab.run(lab.solve(solve, journal=lab.MortalJournal(job="lab", life=1)))


def test_cancelling_a_solve_leaves_nothing_running(lab: Any) -> None:
    model = lab.Slow(lab.scripted(LINES), fixed=60.0)

    async def endless(problem: Any, run: Any) -> None:
        await run.all(run.sample(problem, n=30))

    async def main() -> None:
        solving = asyncio.create_task(lab.solve(endless, model, limit=8, budget=Budget(tokens=900)))
        await asyncio.sleep(1)
        solving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await solving
        assert len(asyncio.all_tasks()) == 1

    lab.run(main())
    assert (model.open, model.cancelled, model.most) == (0, 8, 8)


def test_an_observer_that_raises_disturbs_nobody(lab: Any) -> None:
    def observe(event: Any) -> None:
        raise RuntimeError("screen gone")

    async def solve(problem: Any, run: Any) -> Any:
        return (await run.all(run.sample(problem, n=2)))[0]

    assert lab.run(lab.solve(solve, observe=observe)).answer == "42"


def test_a_failed_draft_gives_up_the_place_that_was_kept_for_its_score(lab: Any) -> None:
    lines = [BadReply("no") if i % 2 else f"{i} \\boxed{{1}}" for i in range(12)]

    async def solve(problem: Any, run: Any) -> None:
        drafts = run.sample(problem, n=12)
        assert len(await run.all([run.score(draft) for draft in drafts])) == 6
        return lab.answer

    result = lab.run(
        lab.solve(
            solve,
            lab.Slow(lab.scripted(lines)),
            budget=Budget(tokens=460),
            retry=RetryPolicy(retries=0),
        )
    )
    assert (result.stopped_by, result.missing) == ("incomplete", {"BadReply: no": 6})


def test_a_missing_choice_is_a_failed_draw_and_stays_one(lab: Any) -> None:
    lines = ["a", None, "c"]
    book = MemoryJournal(job="lab")
    model = lab.scripted(lines)
    model._capabilities = lab.capabilities(coalesce=True)
    found: list[Any] = []

    async def solve(problem: Any, run: Any) -> None:
        drafts = await run.all(run.sample(problem, n=3))
        found.append([draft.text for draft in drafts])

    lab.run(lab.solve(solve, model, journal=book))
    lab.run(lab.solve(solve, model, journal=lab.again(book)))
    assert found == [["a", "c"], ["a", "c"]] and len(model.requests) == 1
    assert [row.kind for row in lab.rows(book, OutcomeRow)] == ["failed"]


def test_a_call_dropped_before_its_input_came_is_not_sent_by_a_replay(lab: Any) -> None:
    quick, late = lab.Tool("quick"), lab.Tool("late")

    async def solve(problem: Any, run: Any) -> Any:
        slow = run.call(lab.Tool("slow", seconds=9.0))
        waiting = run.call(late, slow)
        for turn in range(4):
            await run.call(quick, turn)
        run.drop([waiting])
        await slow
        return lab.answer

    book = lab.MortalJournal(job="lab")
    lab.run(lab.solve(solve, journal=book))
    lab.run(lab.solve(solve, journal=lab.again(book)))
    assert late.performed == []


def test_draws_behind_a_dropped_one_have_the_same_keys_in_a_replay(lab: Any) -> None:
    async def idle() -> None:
        await asyncio.sleep(5.0)

    async def solve(problem: Any, run: Any) -> Any:
        local, slow = run.call(idle), run.call(lab.Tool("slow", seconds=9.0))
        await slow
        dropped = run.sample(problem)
        await local  # at once, but in a replay
        run.drop(dropped)
        return (await run.all(run.sample(problem)))[0]

    book = MemoryJournal(job="lab")
    live = lab.run(lab.solve(solve, lab.scripted(LINES), journal=book))
    replayed = lab.run(lab.solve(solve, lab.scripted(LINES), journal=lab.again(book)))
    assert (replayed.answer, replayed.billed.calls) == (live.answer, 0)
