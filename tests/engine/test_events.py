"""What an observer sees of a run."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.simulated import SimulatedGenerator
from tts.engine import Engine
from tts.errors import BadInput, UnknownName
from tts.strategies import BestOfN
from tts.values import AnswerEvent, CandidateEvent, NodeEvent, SpendEvent, TextEvent


def test_a_watched_run_tells_everything_that_happens(lab: Any) -> None:
    events: list[Any] = []
    result = lab.run(lab.solve(BestOfN(n=3), observe=events.append))
    states = {event.state for event in events if isinstance(event, NodeEvent)}
    assert {"submitted", "started", "finished"} <= states
    spent = [event for event in events if isinstance(event, SpendEvent)]
    assert len(spent) == 6, "three draws and three verdicts, two of them of equal texts"
    assert sum(event.attributed.calls for event in spent) == result.usage.calls == 4
    assert (
        sum(isinstance(event, CandidateEvent) and event.score is not None for event in events) == 3
    )
    assert isinstance(events[-1], AnswerEvent) and events[-1].result == result


def test_events_of_one_call_come_in_order(lab: Any) -> None:
    events: list[Any] = []
    lab.run(lab.solve(BestOfN(n=1), observe=events.append))
    states = [e.state for e in events if isinstance(e, NodeEvent) and e.node == "0"]
    assert states == ["submitted", "started", "finished"]


async def test_an_engine_streams_its_events_and_ends_with_the_answer() -> None:
    async with Engine(SimulatedGenerator(1.0), verifier=None) as engine:
        events = [e async for e in engine.stream("What is 6*7?", strategy="majority_vote(n=2)")]
    assert isinstance(events[-1], AnswerEvent) and events[-1].result.answer == "42"


@pytest.mark.parametrize("strategy", ["single", "majority_vote(n=3)"])
async def test_a_stream_of_texts_tells_every_draw_whole(strategy: str) -> None:
    async with Engine(SimulatedGenerator(1.0), verifier=None) as engine:
        stream = engine.stream("What is 6*7?", strategy=strategy, texts=True)
        events = [event async for event in stream]
    texts: dict[str, str] = {}
    for event in events:
        if isinstance(event, TextEvent):
            texts[event.node] = texts.get(event.node, "") + event.text
    last = events[-1]
    assert isinstance(last, AnswerEvent)
    drawn = [one.candidate.text for one in last.result.candidates]
    assert sorted(texts.values()) == sorted(drawn)


async def test_a_stream_that_is_left_early_leaves_nothing_running() -> None:
    import asyncio

    async with Engine(SimulatedGenerator(1.0), verifier=None) as engine:
        stream = engine.stream("What is 6*7?", strategy="majority_vote(n=2)")
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        assert len(asyncio.all_tasks()) == 1


def test_the_engine_works_without_an_event_loop_of_the_caller() -> None:
    with Engine(SimulatedGenerator(1.0), verifier=None) as engine:
        assert engine.solve_sync("What is 6*7?", strategy="single").answer == "42"


async def test_wrong_names_and_empty_problems_are_errors_of_the_caller() -> None:
    async with Engine(SimulatedGenerator(1.0), verifier=None) as engine:
        with pytest.raises(UnknownName, match="majority_vote"):
            await engine.solve("x", strategy="majority_vot")
        with pytest.raises(BadInput, match="empty"):
            await engine.solve("  ")


def test_the_reference_answer_reaches_neither_strategy_nor_candidates(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        draft = await run.sample(problem)[0]
        assert problem.answer is run.problem.answer is draft.problem.answer is None
        return draft

    assert lab.run(lab.solve(solve)).answer == "42"
