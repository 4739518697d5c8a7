"""A deadline ends: with its stated grace it bounds all that a run does, whatever hangs."""

from __future__ import annotations

import asyncio
from dataclasses import replace as changed
from typing import Any

import pytest

from tts.engine import Job
from tts.engine.time_limit import CLOSING, GRACE, Waits
from tts.errors import LedgerError
from tts.executor.retries import LEAVE
from tts.ledger import MemoryJournal, MemoryLeases
from tts.strategies import BestOfN, MajorityVote
from tts.values import Budget


async def hang() -> None:
    await asyncio.sleep(1e6)


async def hang_on() -> None:
    """Goes on whatever happens: the cancellation is swallowed."""
    while True:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            continue


class Hanging:
    """A model that answers so many draws at once, and hangs from then on."""

    def __init__(self, inner: Any, *, good: int, how: Any = hang) -> None:
        self.inner, self.good, self.how = inner, good, how

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, *rest: Any) -> Any:
        if request.indices[0] >= self.good or not self.good:
            await self.how()
        return await self.inner.generate(request, *rest)


class HangingJournal(MemoryJournal):
    """Takes rows and never says that they are durable, from its k-th commit on."""

    def __init__(self, *, good: int) -> None:
        super().__init__(job="lab")
        self.good = good

    def commit(self, *rows: Any) -> Any:
        self.good -= 1
        if self.good >= 0:
            return super().commit(*rows)
        return asyncio.get_running_loop().create_future()


def lines(lab: Any) -> Any:
    return lab.scripted([f"{i} \\boxed{{7}}" for i in range(64)])


async def timed(coroutine: Any) -> tuple[Any, float]:
    """What comes, and the seconds it took, the closing of the job included."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    result = await coroutine
    return result, loop.time() - begun


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("how", [hang, hang_on])
@pytest.mark.parametrize("good", [0, 3])
def test_a_model_that_hangs_costs_no_more_than_the_deadline_and_its_grace(
    lab: Any, seconds: float, how: Any, good: int
) -> None:
    model = Hanging(lines(lab), good=good, how=how)
    result, took = lab.run(
        timed(lab.solve(MajorityVote(n=8), model, budget=Budget(seconds=seconds)))
    )
    assert (result.stopped_by, result.answer) == ("deadline", "7" if good else None)
    assert seconds <= took <= seconds + GRACE + 0.01
    if good and how is hang:
        assert took == pytest.approx(seconds, abs=0.1), "there is an answer: nothing to wait for"


@pytest.mark.parametrize("how", [hang, hang_on])
def test_a_closing_draw_has_its_share_of_the_grace(lab: Any, how: Any) -> None:
    result, took = lab.run(
        timed(
            lab.solve(
                MajorityVote(n=2), Hanging(lines(lab), good=0, how=how), budget=Budget(seconds=3)
            )
        )
    )
    assert result.answer is None and result.error is None
    assert 3 + CLOSING - 0.01 <= took <= 3 + GRACE + 0.01


@pytest.mark.parametrize("how", [hang, hang_on])
def test_a_verifier_that_hangs_leaves_the_drafts_an_answer(lab: Any, how: Any) -> None:
    class Local:
        name = identity = "local"

        def score(self, candidate: Any, run: Any) -> Any:
            return run.call(self.judge, candidate)

        async def judge(self, candidate: Any) -> Any:
            await how()

    async def main() -> Any:
        session = changed(lab.session(lines(lab)), verifier=Local())
        book = MemoryJournal(job="lab")
        async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as job:
            return await job.solve(lab.problem, BestOfN(n=4), Budget(seconds=1))

    result, took = lab.run(timed(main()))
    assert (result.answer, result.stopped_by) == ("7", "deadline")
    assert took <= 1 + GRACE


@pytest.mark.parametrize("how", [hang, hang_on])
def test_a_strategy_or_a_tool_that_hangs_is_left(lab: Any, how: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        tool = lab.Tool("hung")

        async def perform(*_: Any) -> Any:
            await how()

        tool.perform = perform
        run.call(tool)
        await how()

    async def finish(problem: Any, run: Any) -> Any:
        await how()

    for closing in (None, finish):
        strategy = lab.Told(solve, closing)
        result, took = lab.run(timed(lab.solve(strategy, budget=Budget(seconds=1))))
        assert result.stopped_by == "deadline"
        assert took <= 1 + GRACE + LEAVE


@pytest.mark.parametrize("good", range(9))
def test_a_ledger_that_hangs_costs_the_grace_and_not_the_answer(lab: Any, good: int) -> None:
    async def main() -> Any:
        return await lab.solve(
            MajorityVote(n=4),
            lines(lab),
            journal=HangingJournal(good=good),
            budget=Budget(seconds=1),
        )

    result, took = lab.run(timed(main()))
    assert took <= 1 + GRACE + LEAVE
    assert result.stopped_by in ("deadline", "done")
    assert (result.answer == "7") == (good > 0)


def test_a_ledger_that_says_nothing_at_the_start_is_an_error(lab: Any) -> None:
    class Mute(MemoryJournal):
        async def outcomes(self, run_id: str) -> Any:
            await hang()

    with pytest.raises(LedgerError, match="before the deadline"):
        lab.run(lab.solve(MajorityVote(n=4), journal=Mute(job="lab"), budget=Budget(seconds=1)))


def test_calls_that_were_admitted_before_a_refusal_are_bounded_too(lab: Any) -> None:
    model = Hanging(lines(lab), good=1)
    budget = Budget(calls=5, seconds=3)

    async def solve(problem: Any, run: Any) -> Any:
        for node in run.sample(problem, n=8):
            await node

    async def finish(problem: Any, run: Any) -> Any:
        return run.kept.final()[0].candidate

    result, took = lab.run(timed(lab.solve(lab.Told(solve, finish), model, budget=budget)))
    assert (result.answer, result.stopped_by) == ("7", "deadline")
    assert took <= 3 + GRACE


def test_a_time_out_of_the_strategy_itself_is_no_deadline(lab: Any) -> None:
    from tts.errors import StrategyError

    async def solve(problem: Any, run: Any) -> Any:
        raise TimeoutError("mine")

    for budget in (None, Budget(seconds=9)):
        with pytest.raises(StrategyError, match="TimeoutError: mine"):
            lab.run(lab.solve(solve, budget=budget))


def test_a_closing_draw_that_was_cut_is_cut_again_by_a_replay(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    how: Any = {"budget": Budget(seconds=1)}
    live = lab.run(lab.solve(MajorityVote(n=4), Hanging(lines(lab), good=0), journal=book, **how))
    again = lab.run(lab.solve(MajorityVote(n=4), lines(lab), journal=lab.again(book), **how))
    assert (again.answer, again.stopped_by, again.usage) == (
        live.answer,
        live.stopped_by,
        live.usage,
    )


async def test_an_endpoint_that_hangs_at_its_first_questions_costs_no_more_than_the_deadline(
    caplog: Any,
) -> None:
    from tts.backends.fault_server import Fault, FaultPlan, FaultServer
    from tts.engine import Engine

    plan = FaultPlan(script=(Fault(kind="stall"),), repeat=True)
    async with FaultServer(plan) as server, Engine("openai:m", base_url=server.url) as engine:
        result, took = await timed(engine.solve("What is 1+1?", budget=Budget(seconds=0.3)))
    assert (result.stopped_by, result.answer) == ("deadline", None)
    assert "openai:m" in result.error and 0.3 <= took < 0.3 + GRACE


async def test_a_server_that_hangs_after_its_first_questions_is_left_with_the_best_answer() -> None:
    from tts.backends.fault_server import Fault, FaultPlan, FaultServer
    from tts.engine import Engine

    async with FaultServer() as server, Engine("openai:m", base_url=server.url) as engine:
        await engine.session()
        server.plan = FaultPlan(script=(None, None, Fault(kind="stall")), repeat=True)
        asked = engine.solve("What is 1+1?", strategy="majority_vote(n=6)", budget="1.5 seconds")
        result, took = await timed(asked)
        server.plan = FaultPlan(script=(Fault(kind="stall"),), repeat=True)
        empty, later = await timed(engine.solve("What is 2+1?", budget="0.1 seconds"))
    assert (
        result.stopped_by == "deadline" and result.answer is not None and took < 1.5 + GRACE + LEAVE
    )
    assert (empty.stopped_by, empty.answer) == ("deadline", None) and later < 0.1 + GRACE + LEAVE


async def test_a_ledger_held_by_somebody_else_is_waited_for_until_the_deadline(
    tmp_path: Any,
) -> None:
    import sqlite3

    from tts.backends.simulated import SimulatedGenerator
    from tts.engine import Engine

    with sqlite3.connect(tmp_path / "a.db", isolation_level=None) as holder:
        holder.execute("CREATE TABLE t (x)")
        holder.execute("BEGIN EXCLUSIVE")
        engine = Engine(SimulatedGenerator(1.0), verifier=None, ledger=tmp_path / "a.db")
        result, took = await timed(engine.solve("What is 6*7?", budget="0.2 seconds"))
        holder.execute("COMMIT")
        await engine.close()
    assert result.stopped_by == "deadline" and "ledger" in result.error
    assert took < 0.2 + GRACE


SAID = "Still waiting for the closing answer."


def slow_to_end(lab: Any) -> Any:
    """A strategy that runs into its budget and takes five seconds to close."""

    async def solve(problem: Any, run: Any) -> Any:
        for node in run.sample(problem, n=8):
            await node

    async def finish(problem: Any, run: Any) -> Any:
        await asyncio.sleep(5)

    return lab.Told(solve, finish)


def test_what_an_end_waits_for_is_said_after_two_seconds(lab: Any, caplog: Any) -> None:
    lab.run(lab.solve(slow_to_end(lab), lines(lab), budget=Budget(calls=4)))
    assert [record.message for record in caplog.records] == [SAID]


def test_the_runs_of_a_job_say_once_what_they_wait_for_and_are_counted(
    lab: Any, caplog: Any
) -> None:
    async def main() -> None:
        session, book = lab.session(lines(lab)), MemoryJournal(job="lab")
        async with (
            Job(session, name="lab", journal=book, leases=MemoryLeases()) as job,
            asyncio.TaskGroup() as group,
        ):
            for replicate in range(12):
                run = job.solve(lab.problem, slow_to_end(lab), Budget(calls=4), replicate=replicate)
                group.create_task(run)

    lab.run(main())
    assert [record.message for record in caplog.records] == [SAID, f"{SAID} So far 10 times."]


def test_each_thing_that_is_waited_for_is_counted_alone(caplog: Any) -> None:
    waits = Waits()
    for _ in range(1200):
        waits.tell(SAID)
    waits.tell("Another.")
    told = [record.message.removeprefix(SAID) for record in caplog.records]
    assert told == ["", *(f" So far {n} times." for n in ("10", "100", "1,000")), "Another."]


def test_a_deadline_alone_holds_no_draw_back(lab: Any) -> None:
    model = lab.Slow(lab.words(lambda *_: "\\boxed{42}"), fixed=1.0)
    result = lab.run(lab.solve(MajorityVote(n=16), model, budget=Budget(seconds=2)))
    assert (model.most, result.usage.calls, result.stopped_by) == (16, 16, "done")
