from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan, Latency
from tts.backends.fault_server.reply import built_in_answer, pieces, written
from tts.errors import RateLimited
from tts.protocols import Meter


async def test_a_script_is_met_in_the_order_of_arrival(meet: Any, ask: Any) -> None:
    plan = FaultPlan(script=(None, Fault(kind="status", status=429)))
    server, generator = await meet(plan=plan)
    await generator.generate(ask(), Meter())
    with pytest.raises(RateLimited):
        await generator.generate(ask(), Meter())
    await generator.generate(ask(), Meter())
    assert server.record.faults == {"status": 1}


async def test_equal_requests_are_counted_by_their_body(meet: Any, ask: Any) -> None:
    server, generator = await meet()
    for text in ("a", "a", "b"):
        await generator.generate(ask(text), Meter())
    assert sorted(server.record.digests.values()) == [1, 2]
    assert server.record.arrivals == sorted(server.record.arrivals)


async def test_connections_are_reused(meet: Any, ask: Any) -> None:
    server, generator = await meet()
    for _ in range(5):
        await generator.generate(ask(), Meter())
    assert server.record.connections == 1


async def test_random_faults_come_at_their_rate_and_again_for_the_same_seed(
    meet: Any, ask: Any
) -> None:
    plan = FaultPlan(rate=0.3, mix=(Fault(kind="status", status=429),), seed=5)
    counts = []
    for _ in range(2):
        server, generator = await meet(plan=plan)
        async with asyncio.TaskGroup() as group:
            for place in range(200):
                group.create_task(asyncio.wait([_draw(generator, ask(str(place)))]))
        counts.append(server.record.faults["status"])
    assert counts[0] == counts[1] and 40 <= counts[0] <= 80


async def test_equal_requests_take_equally_long_where_latency_goes_by_the_body() -> None:
    plan = FaultPlan(latency=Latency(kind="lognormal", median=1.0), latency_by="body")
    seconds = [plan.seconds_for(body) for body in (b"a", b"b", b"a")]
    assert seconds[0] == seconds[2] != seconds[1]
    assert seconds[0] != FaultPlan(latency=plan.latency, seed=1).seconds_for(b"a")


async def test_latency_by_the_body_is_waited_for(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=FaultPlan(latency=Latency(median=60.0), latency_by="body"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await generator.generate(ask(), Meter())


async def test_latency_is_waited_for(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=FaultPlan(latency=Latency(median=60.0)))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await generator.generate(ask(), Meter())


def test_built_in_texts_have_their_length_steps_and_an_answer() -> None:
    text = built_in_answer("p", 1, 0, 40)
    assert len(pieces(text)) == 40 and "".join(pieces(text)) == text
    assert "\n\n" in text and "\\boxed{" in text


def _draw(generator: Any, request: Any) -> asyncio.Task[Any]:
    task = asyncio.ensure_future(generator.generate(request, Meter()))
    task.add_done_callback(lambda done: done.exception())
    return task


def test_prompts_that_hold_a_text_are_answered_with_what_the_plan_says() -> None:
    plan = FaultPlan(says={"Solution:": "Score: {}"})
    said = [written("A question. Solution: 4", seed, 0, plan) for seed in range(20)]
    assert said == [written("A question. Solution: 4", seed, 0, plan) for seed in range(20)]
    assert set(said) <= {f"Score: {digit}" for digit in range(10)} and len(set(said)) > 3
    assert written("A question.", 0, 0, plan) == built_in_answer("A question.", 0, 0, plan.words)
