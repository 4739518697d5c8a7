"""While the answers of a job are graded, its pages say what its ledger knows at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tts.errors import BadInput
from tts.eval.report import ComparisonReport
from tts.eval.view.server import Viewer
from tts.eval.view.source import Closed, LedgerSource

JOB = "/job/my%2Fjob"


class Held(LedgerSource):
    """Makes no report before it is let go."""

    def __init__(self, place: Path) -> None:
        super().__init__(str(place))
        self.go, self.asked, self.broken = Event(), 0, False

    def report(self, job: str) -> ComparisonReport:
        self.asked += 1
        self.go.wait()
        if self.broken:
            raise BadInput("The ledger is gone.")
        return super().report(job)


@pytest.fixture
def held(ledger: Path) -> Held:
    return Held(ledger)


@pytest.fixture
async def client(held: Held) -> AsyncIterator[Any]:
    async with TestClient(TestServer(Viewer(held, patience=0).app())) as client:
        yield client
        held.go.set()


async def page(client: Any, address: str = JOB) -> tuple[int, str]:
    async with client.get(address) as response:
        return response.status, await response.text()


async def settled(client: Any) -> tuple[int, str]:
    """The page that comes after those that ask for patience."""
    while (found := await page(client))[0] == 202:
        continue
    return found


@pytest.mark.parametrize("address", [JOB, f"{JOB}/problems", f"{JOB}/pair"])
async def test_rows_of_the_ledger_stand_on_the_page_until_it_is_graded(
    client: Any, address: str
) -> None:
    status, text = await page(client, address)
    assert status == 202
    assert "0 of 6 runs so far" in text and "data-reload" in text
    assert text.count("3 done") == 2 and "majority_vote(n=3)" in text


async def test_a_job_of_many_runs_is_not_waited_for(held: Held) -> None:
    patient = Viewer(held, patience=1e6, most=5)
    async with TestClient(TestServer(patient.app())) as client:
        assert (await page(client))[0] == 202
        held.go.set()
        assert (await settled(client))[0] == 200


async def test_the_report_follows(client: Any, held: Held) -> None:
    await page(client)
    held.go.set()
    status, text = await settled(client)
    assert status == 200 and 'class="headline"' in text and "data-reload" not in text


async def test_all_who_ask_wait_for_one_report(client: Any, held: Held) -> None:
    await asyncio.gather(*(page(client) for _ in range(5)))
    assert held.asked == 1


async def test_whoever_asks_again_hears_why_there_is_no_report(client: Any, held: Held) -> None:
    await page(client)
    held.broken = True
    held.go.set()
    status, text = await settled(client)
    assert status == 400 and "The ledger is gone." in text


async def test_the_other_pages_wait_for_no_report(client: Any) -> None:
    await page(client)
    assert (await page(client, "/"))[0] == 200
    assert (await page(client, f"{JOB}/spending"))[0] == 200


def test_a_source_that_is_closed_ends_what_it_is_grading(ledger: Path) -> None:
    source = LedgerSource(str(ledger))
    source.close()
    with pytest.raises(Closed):
        source.report("my/job")
