"""What passes is waited for and tried again, by few attempts, and is never a final result."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from tts.errors import (
    BadRequest,
    CallTimeout,
    NotSent,
    RateLimited,
    Unavailable,
    Untrusted,
)
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal
from tts.protocols import CallRow, IntentRow, OutcomeRow, RunRow
from tts.strategies import BestOfN, MajorityVote
from tts.values import OPEN, Budget


class Mortal:
    """A model that is out of reach from `dies` to `back` (seconds of the loop)."""

    def __init__(self, inner: Any, *, dies: float, back: float, error: Any = NotSent) -> None:
        self.inner, self.dies, self.back, self.error = inner, dies, back, error
        self.tried: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, *args: Any) -> Any:
        now = asyncio.get_running_loop().time()
        if self.dies <= now < self.back:
            self.tried.append(now)
            raise self.error("refused")
        await asyncio.sleep(1.0)
        if self.dies <= asyncio.get_running_loop().time() < self.back:
            raise Unavailable("reset")
        return await self.inner.generate(*args)


def answers(lab: Any) -> Any:
    return lab.scripted([f"{i} \\boxed{{{i % 3}}}" for i in range(64)])


@pytest.mark.parametrize(
    ("dies", "lasts", "error"),
    [
        (0.0, 3, NotSent),
        (0.0, 20, Unavailable),
        (1.5, 20, NotSent),
        (1.5, 20, Unavailable),
        (3.0, 20, NotSent),
        (3.0, 20, Unavailable),
    ],
)
def test_an_outage_that_ends_in_time_costs_a_few_attempts_and_no_draw(
    lab: Any, dies: float, lasts: float, error: Any
) -> None:
    model = Mortal(answers(lab), dies=dies, back=dies + lasts, error=error)
    result = lab.run(lab.solve(MajorityVote(n=64), model, limit=16))
    assert (result.stopped_by, len(result.candidates)) == ("done", 64)
    assert len(model.tried) <= 16 + 20


def test_while_nobody_answers_the_whole_pool_makes_a_few_attempts_a_second(lab: Any) -> None:
    model = Mortal(answers(lab), dies=0.0, back=1e9)
    lab.run(lab.solve(MajorityVote(n=64), model))
    at_once = sum(time == model.tried[0] for time in model.tried)
    later = [time for time in model.tried if time > model.tried[0]]
    assert at_once <= 64 and len(later) <= 20
    assert all(b - a >= 0.24 for a, b in pairwise(later))


@pytest.mark.parametrize(
    ("dies", "error", "given_up"),
    [
        (0.0, NotSent, 5.0),
        (0.5, NotSent, 60.0),
        (1.5, NotSent, 60.0),
        (0.0, Unavailable, 60.0),
        (0.0, Untrusted, 0.0),
        (1.5, Untrusted, 1.5),
    ],
)
def test_a_server_that_never_answered_is_given_up_in_seconds_and_one_that_did_may_start_again(
    lab: Any, dies: float, error: Any, given_up: float
) -> None:
    """That it was reached counts as well, so that a reset of the first answers does."""

    async def timed() -> Any:
        model = Mortal(answers(lab), dies=dies, back=1e9, error=error)
        try:
            result = await lab.solve(MajorityVote(n=64), model, limit=16)
            ended = result.error
        except Untrusted as stopped:
            ended = str(stopped)
        return ended, asyncio.get_running_loop().time()

    ended, when = lab.run(timed())
    assert "refused" in ended
    assert given_up <= when <= given_up + 4.0


@pytest.mark.parametrize(
    "error", [NotSent("x"), Unavailable("x"), CallTimeout("x"), RateLimited("x", retry_after=999)]
)
def test_a_run_whose_passing_errors_outlast_its_retries_stays_open_and_goes_on(
    lab: Any, error: Any
) -> None:
    lines: dict[int, Any] = {i: f"{i} \\boxed{{7}}" for i in range(8)}
    book, strategy = MemoryJournal(job="lab"), MajorityVote(n=8)
    first = lab.run(lab.solve(strategy, lab.scripted({**lines, 5: error}), journal=book))
    assert first.stopped_by in OPEN and type(error).__name__ in first.error
    assert first.answer == "7", "the best of what there is"
    assert not [row for row in lab.rows(book, RunRow) if row.stopped_by]
    assert not lab.rows(book, OutcomeRow)
    again, model = lab.again(book), lab.scripted(lines)
    second = lab.run(lab.solve(strategy, model, journal=again))
    assert (second.stopped_by, second.missing, len(second.candidates)) == ("done", {}, 8)
    assert len(model.requests) == 1, "only what did not come is drawn"
    whole = lab.run(lab.solve(strategy, lab.scripted(lines)))
    assert (second.answer, second.usage) == (whole.answer, whole.usage)


@pytest.mark.parametrize("budget", [None, Budget(tokens=400), Budget(calls=20)])
def test_an_outage_in_the_middle_of_a_search_ends_as_if_there_had_been_none(
    lab: Any, budget: Any
) -> None:
    strategy, book = BestOfN(n=12), MemoryJournal(job="lab")
    broken = Mortal(answers(lab), dies=0.5, back=1e9)
    first = lab.run(lab.solve(strategy, broken, journal=book, budget=budget, limit=4))
    assert first.stopped_by == "outage"
    again = lab.run(lab.solve(strategy, answers(lab), journal=lab.again(book), budget=budget))
    whole = lab.run(lab.solve(strategy, answers(lab), budget=budget))
    assert (again.answer, again.stopped_by, again.usage) == (
        whole.answer,
        whole.stopped_by,
        whole.usage,
    )


def test_without_retries_nothing_is_waited_for(lab: Any) -> None:
    async def timed() -> Any:
        result = await lab.solve(
            MajorityVote(n=4),
            Mortal(answers(lab), dies=0.0, back=1e9),
            retry=RetryPolicy(retries=0),
        )
        return result.stopped_by, asyncio.get_running_loop().time()

    assert lab.run(timed()) == ("outage", pytest.approx(0.0, abs=0.5))


def test_once_given_up_later_calls_fail_at_once_until_a_trial_is_answered(lab: Any) -> None:
    model = Mortal(answers(lab), dies=0.0, back=60.0)
    ends: list[Any] = []

    async def main() -> None:
        from tts.engine import Job
        from tts.ledger import MemoryLeases

        journal = MemoryJournal(job="lab")
        job = Job(lab.session(model), name="lab", journal=journal, leases=MemoryLeases())
        async with job:
            for replicate in range(40):
                result = await job.solve(lab.problem, MajorityVote(n=8), replicate=replicate)
                ends.append((result.stopped_by, asyncio.get_running_loop().time()))
                await asyncio.sleep(2.0)

    lab.run(main())
    stops = [stop for stop, _ in ends]
    assert stops == sorted(stops, reverse=True) and stops[0] == "outage" and stops[-1] == "done"
    assert ends[1][1] - ends[0][1] < 3.0
    assert len(model.tried) <= 8 + 40


def test_a_refusal_is_an_answer_and_final(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    model = lab.words(lambda *_: BadRequest("no such model"))
    result = lab.run(lab.solve(MajorityVote(n=4), model, journal=book))
    assert (result.stopped_by, result.missing) == ("failed", {"BadRequest: no such model": 4})
    assert [row.stopped_by for row in lab.rows(book, RunRow)][-1] == "failed"
    assert len(lab.rows(book, IntentRow)) == 4


def test_a_tool_that_cannot_be_reached_is_an_answer_to_whoever_called_it(lab: Any) -> None:
    book = MemoryJournal(job="lab")

    async def solve(problem: Any, run: Any) -> Any:
        found = await run.all([run.call(lab.Tool(errors=[Unavailable("down")] * 9))])
        assert len(found.failed) == 1
        return lab.answer

    assert lab.run(lab.solve(solve, journal=book)).stopped_by == "done"
    assert [row.kind for row in lab.rows(book, OutcomeRow)] == ["failed"]
    assert not lab.rows(book, CallRow)
