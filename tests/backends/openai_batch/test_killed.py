"""A process that is killed while calls gather, or while a provider has them: what it is billed."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_batch import BatchGenerator, OpenAIBatches, Rounds
from tts.engine import Engine
from tts.ledger.questions import Bill, Questions
from tts.values import Capabilities, Model

pytestmark = pytest.mark.timeout(180)  # processes of their own, on a busy machine

FOUR_VOTES = """
import asyncio, sys
from tts.backends.openai_batch import BatchGenerator, OpenAIBatches, Rounds
from tts.engine import Engine
from tts.values import Capabilities, Model

async def main(url, ledger, quiet):
    provider = OpenAIBatches(url, None)
    rounds = Rounds(
        provider, path="/chat/completions", model="m", quiet=float(quiet), polls=(0.05, 0.1)
    )
    can = Capabilities(seed=True)
    model = BatchGenerator(Model(name="m"), rounds=rounds, capabilities=can)
    async with Engine(model=model, ledger=ledger, job="votes") as engine:
        solving = asyncio.create_task(
            engine.solve("What is 2 + 2?", strategy="majority_vote(n=4)")
        )
        while not solving.done() and rounds.unsent < 4:
            await asyncio.sleep(0.01)
        print("they wait", flush=True)
        await solving
    await model.close()

asyncio.run(main(*sys.argv[1:]))
"""
NEVER, AT_ONCE = 3600.0, 0.05
"""Seconds for which a round waits for more calls."""


@asynccontextmanager
async def four_votes(
    server: FaultServer, ledger: Path, *, quiet: float = AT_ONCE
) -> AsyncIterator[Process]:
    """A process that asks for four draws; it is killed at the end, if it still runs."""
    command = (sys.executable, "-c", FOUR_VOTES, server.url, str(ledger), str(quiet))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def asked_again(server: FaultServer, ledger: Path) -> None:
    """The same by this process."""
    rounds = Rounds(OpenAIBatches(server.url, None), path="/chat/completions", model="m")
    can = Capabilities(seed=True)
    model = BatchGenerator(Model(name="m"), rounds=rounds, capabilities=can)
    async with Engine(model=model, ledger=ledger, job="votes") as engine:
        await engine.solve("What is 2 + 2?", strategy="majority_vote(n=4)")
    await model.close()


def bill(ledger: Path) -> Bill | None:
    questions = Questions.open(ledger)
    try:
        return next(iter(questions.billed("votes")), None)
    finally:
        questions.close()


async def test_calls_that_no_file_has_taken_yet_cost_nothing_at_worst(tmp_path: Path) -> None:
    ledger = tmp_path / "a.db"
    async with FaultServer() as server:
        async with four_votes(server, ledger, quiet=NEVER) as process:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"they wait\n"
        assert server.record.batched == []
    assert bill(ledger) is None


async def test_calls_of_a_submitted_file_may_have_been_billed_and_are_found_by_who_comes_next(
    tmp_path: Path, until: Callable[..., Any]
) -> None:
    ledger = tmp_path / "a.db"
    async with FaultServer(FaultPlan(batch_seconds=3600)) as server:
        async with four_votes(server, ledger):
            await until(lambda: server.record.batched)
        killed = bill(ledger)
        server.plan = FaultPlan()
        await asked_again(server, ledger)
        assert server.record.batched == [4]
    found = bill(ledger)
    assert killed is not None and found is not None
    assert (killed.unknown, killed.lower.calls, killed.upper.calls) == (4, 0, 4)
    assert (found.unknown, found.lower.calls, found.upper.calls) == (4, 4, 8)
