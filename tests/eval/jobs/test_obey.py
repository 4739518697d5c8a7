"""A comparison that runs does what its job is told, and pays for nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from tts.backends.fault_server import FaultPlan, FaultServer, Latency
from tts.eval.jobs import submission
from tts.eval.recipe import Recipe, recipe_of
from tts.eval.report import ComparisonReport
from tts.eval.run_comparison import run_comparison
from tts.ledger import Bill, Controls, Orders, Questions
from tts.values import Budget

JOB = "job"


def recipe(server: FaultServer, **changes: Any) -> Recipe:
    keys = {
        "model": "openai:m",
        "base_url": server.url,
        "problems": "arithmetic:24",
        "strategies": ["sequential_revision(chains=1, length=4, select='majority')"],
        "verifier": "none",
        "concurrency": 4,
        "wallet": "100k tokens",
    }
    return recipe_of({**keys, **changes})


@pytest.fixture(scope="module")
def needed() -> int:
    """Requests of the whole job where nothing interrupts it."""

    async def whole() -> int:
        with TemporaryDirectory() as folder:
            async with FaultServer() as server:
                await worked(recipe(server), Path(folder) / "a.db")
                return server.record.requests

    return asyncio.run(whole())


@pytest.fixture
def slow() -> FaultServer:
    return FaultServer(FaultPlan(latency=Latency(median=0.1)))


async def worked(chosen: Recipe, place: Path) -> ComparisonReport:
    asked = submission(chosen, job=JOB)
    return await run_comparison(chosen.spec(), ledger=place, job=JOB, submitted=asked)


async def told(place: Path, **changes: Any) -> None:
    """Order something."""

    def order() -> None:
        controls = Controls.of(place)
        controls.order(JOB, lambda old: msgspec.structs.replace(old, **changes))
        controls.close()

    await asyncio.to_thread(order)


async def while_it_runs(
    server: FaultServer, chosen: Recipe, place: Path, then: Callable[[], Awaitable[None]]
) -> ComparisonReport:
    """The report of a comparison to which something happens after some requests."""
    async with asyncio.TaskGroup() as group:
        work = group.create_task(worked(chosen, place))
        while server.record.requests < 16:  # noqa: ASYNC110 the server tells nobody
            await asyncio.sleep(0.02)
        await then()
    return work.result()


def bill(place: Path) -> Bill:
    questions = Questions.open(place)
    [found] = questions.billed(JOB, by="job")
    questions.close()
    return found


def ends(report: ComparisonReport) -> dict[str, int]:
    return {str(end): count for end, count in report.rows[0].stopped_by.items()}


async def test_a_paused_job_finishes_what_is_in_flight_and_goes_on_without_a_further_request(
    tmp_path: Path, slow: FaultServer, needed: int
) -> None:
    place = tmp_path / "a.db"
    async with slow as server:
        chosen = recipe(server)
        first = await while_it_runs(server, chosen, place, lambda: told(place, wish="pause"))
        assert first.partial and "The job was paused" in " ".join(first.warnings)
        assert bill(place).unknown == 0
        last = await worked(chosen, place)
        assert ends(last) == {"done": 24} and server.record.requests == needed


async def test_concurrency_is_retuned_while_calls_wait(tmp_path: Path, slow: FaultServer) -> None:
    place = tmp_path / "a.db"
    async with slow as server:
        chosen = recipe(server, adaptive=False, problems="arithmetic:40")
        report = await while_it_runs(server, chosen, place, lambda: told(place, concurrency=32))
        assert ends(report) == {"done": 40}
        assert server.record.most_in_flight > 8


async def test_a_rate_that_is_ordered_holds_from_then_on(tmp_path: Path, slow: FaultServer) -> None:
    place = tmp_path / "a.db"
    async with slow as server:
        chosen = recipe(server, concurrency=16)
        sent: list[int] = []

        async def slower() -> None:
            await told(place, requests_per_minute=60.0)
            await asyncio.sleep(1.5)
            sent.append(server.record.requests)
            await asyncio.sleep(2.0)
            sent.append(server.record.requests)
            await told(place, wish="pause")

        await while_it_runs(server, chosen, place, slower)
    before, after = sent
    assert after - before <= 6, "a window of five seconds at one a second"


async def test_a_wallet_that_is_lowered_below_what_is_held_stops_the_job(
    tmp_path: Path, slow: FaultServer, needed: int
) -> None:
    place = tmp_path / "a.db"
    async with slow as server:
        chosen = recipe(server)
        await while_it_runs(server, chosen, place, lambda: told(place, wallet=Budget(tokens=10)))
        first = server.record.requests
        assert 0 < first <= 70
        controls = Controls.of(place)
        assert "Its wallet ended" in controls.named(JOB).fault
        controls.close()
        await told(place, wallet=Budget(tokens=100_000))
        report = await run_comparison(chosen.spec(), ledger=place, job=JOB)
        assert ends(report) == {"done": 24} and server.record.requests == needed


async def test_a_wallet_of_another_dimension_makes_the_job_begin_again(
    tmp_path: Path, slow: FaultServer, needed: int
) -> None:
    place = tmp_path / "a.db"
    async with slow as server:
        chosen = recipe(server)
        first = await while_it_runs(
            server, chosen, place, lambda: told(place, wallet=Budget(calls=500))
        )
        assert "given another wallet" in " ".join(first.warnings)
        again = await run_comparison(chosen.spec(), ledger=place, job=JOB)
        assert ends(again) == {"done": 24} and server.record.requests == needed


async def test_a_job_that_ended_is_said_to_have_ended(tmp_path: Path) -> None:
    place = tmp_path / "a.db"
    async with FaultServer() as server:
        await worked(recipe(server, problems="arithmetic:3"), place)
    controls = Controls.of(place)
    found = controls.named(JOB)
    controls.close()
    assert found.ended_at is not None and found.planned == 3 and found.orders == Orders()
