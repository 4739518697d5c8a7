"""A run that is over is freed at once: nothing of it waits for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import CoroutineType, FrameType, TracebackType
from typing import Any

import pytest
import pytest_asyncio

from tts import Engine
from tts.arithmetic import generate
from tts.errors import CallFailed
from tts.strategies import MajorityVote
from tts.values import Budget

PROBLEM = generate(4, 1, 0)[0].prompt
STRATEGIES = (
    "majority_vote(n=4)",
    "best_of_n(n=4)",
    "beam_search(n=8)",
    "lookahead_search(n=4)",
    "dvts(n=8)",
    "rebase(n=8)",
    "particle_filtering(n=4)",
    "mcts",
    "adaptive_consistency(n=8)",
    "first_finish(n=4)",
    "deepconf_online(n=4, warmup=2)",
    "deepconf_online(n=4, warmup=2)",
    "self_refine",
)


def of_a_run(one: object) -> bool:
    """Whether an object is of the project or of a task; other tests' lazy imports leave their own."""
    kind = type(one)
    return kind.__module__.startswith("tts.") or isinstance(
        one, FrameType | TracebackType | CoroutineType | asyncio.Future
    )


@contextmanager
def circles() -> Iterator[Counter[str]]:
    """Counts by type what only the collector would free of all that is made inside."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found.update(type(one).__name__ for one in gc.garbage if of_a_run(one))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    async with Engine(model="embedded:small", verifier="embedded:prm") as engine:
        yield engine


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("budget", [None, "600 tokens", "450 tokens, 60 seconds"])
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_run_leaves_no_circle(engine: Engine, strategy: str, budget: str | None) -> None:
    await engine.solve(PROBLEM, strategy=strategy, budget="1200 tokens")
    with circles() as found:
        await engine.solve(PROBLEM, strategy=strategy, budget=budget)
        # Cancelled draws are told so by the decoding thread.
        await engine.solve(PROBLEM, strategy="single")
        await asyncio.sleep(0)
    assert not found


async def caught(problem: Any, run: Any) -> Any:
    """A strategy that goes on after a failure, holding what failed."""
    node = run.call(fails, *run.sample(problem, n=2))
    try:
        await node
    except CallFailed as error:
        assert "wrong" in str(error)
    child = run.spawn(part, problem)
    found = await run.all([child, run.call(fails, child)])
    assert len(found.failed) == 1
    return found[0]


async def part(problem: Any, run: Any) -> Any:
    drafts = run.sample(problem, n=2)
    await run.first(drafts)
    run.drop(drafts)
    return await drafts[0]


def fails(*_: Any) -> None:
    raise CallFailed("wrong")


def test_failures_drops_and_children_leave_none(lab: Any) -> None:
    lab.run(lab.solve(caught))
    with circles() as found:
        lab.run(lab.solve(caught))
    assert not {"Node", "Call", "Run", "frame"} & set(found)


def test_refusals_leave_none(lab: Any) -> None:
    budget = Budget(calls=3)
    with circles() as found:
        lab.run(lab.solve(MajorityVote(n=8), budget=budget))
    assert not {"Node", "Call", "Run", "frame"} & set(found)
