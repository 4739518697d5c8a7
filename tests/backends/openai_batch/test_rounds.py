"""What is asked for together travels in one file, once, whatever happens to process or provider."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_batch import BatchGenerator, OpenAIBatches, Rounds
from tts.backends.openai_http import HTTPGenerator
from tts.engine import Engine
from tts.errors import BadRequest, LedgerError, Unavailable
from tts.ledger.questions import Questions
from tts.protocols import Generator
from tts.values import Capabilities, Model, Result

CAN = Capabilities(seed=True)
PROBLEMS = [f"What is {i} + {i}?" for i in range(6)]
BODY = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'


def rounds(server: FaultServer, quiet: float = 0.2) -> Rounds:
    provider = OpenAIBatches(server.url, None)
    return Rounds(provider, path="/chat/completions", model="m", quiet=quiet, polls=(0.05, 0.1))


def batched(server: FaultServer) -> BatchGenerator:
    return BatchGenerator(Model(name="m"), rounds=rounds(server), capabilities=CAN)


async def solved(
    model: Generator, strategy: str, ledger: Path | None = None, budget: str | None = None
) -> list[Result]:
    async with Engine(model=model, ledger=ledger) as engine, asyncio.TaskGroup() as group:
        runs = [
            group.create_task(engine.solve(one, strategy=strategy, budget=budget))
            for one in PROBLEMS
        ]
    await model.close()
    return [run.result() for run in runs]


async def test_a_round_of_all_problems_is_one_file_and_gives_what_live_calls_give() -> None:
    async with FaultServer() as server:
        live = HTTPGenerator(Model(name="m"), base_url=server.url, capabilities=CAN)
        expected = await solved(live, "majority_vote(n=4)")
        asked = server.record.requests
        found = await solved(batched(server), "majority_vote(n=4)")
        assert server.record.batched == [24]
        assert server.record.requests == asked, "nothing went the dear way"
    assert [one.answer for one in found] == [one.answer for one in expected]
    assert [one.usage.tokens for one in found] == [one.usage.tokens for one in expected]


async def test_adaptive_stopping_takes_as_many_files_as_it_has_windows() -> None:
    async with FaultServer() as server:
        strategy = "early_stopping_consistency(n=12, window=4)"
        found = await solved(batched(server), strategy)
        assert len(server.record.batched) <= 3
        assert sum(server.record.batched) == sum(one.usage.calls for one in found)


async def test_a_batch_whose_process_ended_is_collected_by_the_next_one() -> None:
    async with FaultServer(FaultPlan(batch_seconds=0.5)) as server:
        first = rounds(server)
        waiting = [asyncio.create_task(first.ask(f"n{i}", BODY)) for i in range(3)]
        while not server.record.batched:  # noqa: ASYNC110 the server tells nobody
            await asyncio.sleep(0.02)
        for one in waiting:
            one.cancel()
        await first.close()
        second = rounds(server)
        answers = await asyncio.gather(*(second.ask(f"n{i}", BODY) for i in range(3)))
        await second.close()
        assert server.record.batched == [3]
    assert all(b"choices" in answer for answer in answers)


async def test_a_file_leaves_once_all_of_its_calls_are_on_record() -> None:
    writing, written = asyncio.Event(), asyncio.Event()

    async def leave() -> None:
        writing.set()
        await written.wait()

    async with FaultServer() as server:
        asked = rounds(server)
        calls = [asyncio.create_task(asked.ask(name, BODY, leave=leave)) for name in "ab"]
        await writing.wait()
        assert (asked.unsent, server.record.batched) == (2, [])
        written.set()
        await asyncio.gather(*calls)
        await asked.close()
        assert (asked.unsent, server.record.batched) == (0, [2])


async def test_a_call_that_cannot_be_recorded_keeps_its_file_from_leaving() -> None:
    async def fails() -> None:
        raise LedgerError("the disk is full")

    async with FaultServer() as server:
        asked = rounds(server)
        said = await asyncio.gather(
            asked.ask("a", BODY, leave=fails), asked.ask("b", BODY), return_exceptions=True
        )
        await asked.close()
        assert [str(one) for one in said] == ["the disk is full"] * 2
        assert server.record.batched == []


async def test_what_is_no_longer_wanted_before_its_file_leaves_is_in_none() -> None:
    async with FaultServer() as server:
        asked = rounds(server)
        kept = asyncio.create_task(asked.ask("kept", BODY))
        dropped = asyncio.create_task(asked.ask("dropped", BODY))
        while asked.unsent < 2:  # noqa: ASYNC110 — it tells nobody
            await asyncio.sleep(0.01)
        dropped.cancel()
        await kept
        await asked.close()
        assert server.record.batched == [1]


async def test_a_call_found_in_a_batch_of_before_does_not_leave_again() -> None:
    left = list[str]()

    async def leave() -> None:
        left.append("left")

    async with FaultServer() as server:
        first = rounds(server)
        await first.ask("n", BODY, leave=leave)
        await first.close()
        second = rounds(server)
        await second.ask("n", BODY, leave=leave)
        await second.close()
    assert left == ["left"]


async def test_draws_that_are_given_up_before_their_file_leaves_cost_nothing(
    tmp_path: Path,
) -> None:
    async with FaultServer() as server:
        asked = rounds(server, quiet=3600.0)
        model = BatchGenerator(Model(name="m"), rounds=asked, capabilities=CAN)
        async with Engine(model=model, ledger=tmp_path / "a.db", job="votes") as engine:
            solving = asyncio.create_task(engine.solve(PROBLEMS[0], strategy="majority_vote(n=3)"))
            while asked.unsent < 3:  # noqa: ASYNC110 — it tells nobody
                await asyncio.sleep(0.01)
            solving.cancel()
            await asyncio.wait((solving,))
        assert (asked.unsent, server.record.batched) == (0, [])
        await model.close()
    questions = Questions.open(tmp_path / "a.db")
    assert questions.billed("votes") == []
    questions.close()


async def test_what_only_some_of_a_second_process_asks_is_not_sent_again() -> None:
    async with FaultServer() as server:
        first = rounds(server)
        await asyncio.gather(*(first.ask(f"n{i}", BODY) for i in range(3)))
        await first.close()
        second = rounds(server)
        await asyncio.gather(second.ask("n1", BODY), second.ask("new", BODY))
        await second.close()
        assert server.record.batched == [3, 1]


async def test_answers_in_any_order_twice_cut_and_unasked_are_matched_by_name() -> None:
    async with FaultServer() as server:
        plain = await solved(batched(server), "majority_vote(n=4)")
    async with FaultServer(FaultPlan(batch_noise=True)) as server:
        noisy = await solved(batched(server), "majority_vote(n=4)")
    assert [one.answer for one in noisy] == [one.answer for one in plain]


async def test_lines_of_an_expired_batch_go_into_the_next_one() -> None:
    async with FaultServer(FaultPlan(batch_end="expired")) as server:
        asked = rounds(server)
        found = await asyncio.gather(
            *(asked.ask(f"n{i}", BODY) for i in range(4)), return_exceptions=True
        )
        assert [isinstance(one, Unavailable) for one in found] == [False, False, True, True]
        server.plan = FaultPlan()
        await asyncio.gather(*(asked.ask(f"n{i}", BODY) for i in (2, 3)))
        await asked.close()
        assert server.record.batched == [4, 2]


async def test_a_file_that_is_refused_fails_its_calls_for_good_with_the_reason() -> None:
    async with FaultServer(FaultPlan(batch_end="failed")) as server:
        asked = rounds(server)
        with pytest.raises(BadRequest, match="the file is not valid"):
            await asked.ask("n", BODY)
        await asked.close()


async def test_a_line_that_failed_fails_its_call_alone() -> None:
    server = FaultServer(FaultPlan(fails_on=b"3 + 3"))
    async with server, Engine(model=batched(server), retries=0) as engine:
        bad, good = await asyncio.gather(
            engine.solve(PROBLEMS[3], strategy="single"),
            engine.solve(PROBLEMS[4], strategy="single"),
        )
    assert bad.stopped_by != "done" and good.stopped_by == "done"


async def test_calls_of_the_batch_cost_half(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: {prompt: 2, completion: 8}\n")
    async with FaultServer() as server:
        live = HTTPGenerator(Model(name="m"), base_url=server.url, capabilities=CAN)
        costs = []
        for model in (live, batched(server)):
            async with Engine(model=model, prices=prices) as engine:
                found = await engine.solve(PROBLEMS[0], strategy="single")
                costs.append(found.usage.nanodollars)
            await model.close()
    assert costs[0] and costs[1] == (costs[0] + 1) // 2


async def test_what_the_batch_answered_is_found_by_a_live_run(tmp_path: Path) -> None:
    async with FaultServer() as server:
        await solved(batched(server), "majority_vote(n=4)", tmp_path / "a.db")
        live = HTTPGenerator(Model(name="m"), base_url=server.url, capabilities=CAN)
        await solved(live, "majority_vote(n=3)", tmp_path / "a.db")
        assert server.record.requests == 0
