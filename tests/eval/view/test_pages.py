"""The pages over a ledger show what it holds, and run nothing of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tts.cli.report import write_report
from tts.errors import BadInput
from tts.eval.recorded import recorded_report
from tts.eval.view.source import source_of

Opened = Callable[[str | Path], Awaitable[Any]]
JOB = "/job/my%2Fjob"


async def page(client: Any, address: str, status: int = 200) -> str:
    async with client.get(address) as response:
        assert response.status == status
        return str(await response.text())


async def test_every_link_of_every_page_leads_to_a_page(ledger: Path, opened: Opened) -> None:
    client = await opened(ledger)
    seen, left = set[str](), ["/"]
    while left:
        address = left.pop()
        seen.add(address)
        text = await page(client, address)
        found = re.findall(r'href="([^"]+)"', text)
        left += [one.replace("&amp;", "&") for one in dict.fromkeys(found)]
        left = [one for one in dict.fromkeys(left) if one not in seen]
    assert {f"{JOB}", f"{JOB}/problems", f"{JOB}/spending", f"{JOB}/pair?a=1&b=0"} <= seen
    assert sum("/run/" in one for one in seen) == 6


@pytest.mark.parametrize(
    "address",
    [
        "/",
        JOB,
        f"{JOB}/problems",
        f"{JOB}/pair",
        f"{JOB}/problem?id=%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)
async def test_texts_of_a_job_are_shown_and_never_run(
    ledger: Path, opened: Opened, address: str
) -> None:
    text = await page(await opened(ledger), address)
    assert "<script>alert" not in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


async def test_the_list_says_how_each_job_stands(ledger: Path, opened: Opened) -> None:
    text = await page(await opened(ledger), "/")
    assert ">my/job<" in text and ">ended<" in text and 'data-value="6">6<' in text


async def test_the_report_opens_with_one_sentence(ledger: Path, opened: Opened) -> None:
    text = await page(await opened(ledger), JOB)
    assert re.search(r'class="headline"><bdi>\S.* % of 3 problems', text)


async def test_a_job_that_is_not_there_names_those_that_are(ledger: Path, opened: Opened) -> None:
    assert "my/job" in await page(await opened(ledger), "/job/nosuch", status=404)


@pytest.mark.parametrize("query", ["page=x", "page=1e9", "a=99"])
async def test_a_wrong_address_is_a_page_that_says_so(
    ledger: Path, opened: Opened, query: str
) -> None:
    client = await opened(ledger)
    where = "pair" if query.startswith("a=") else "problems"
    async with client.get(f"{JOB}/{where}?{query}") as response:
        assert response.status in (400, 404)
        assert "This cannot be shown" in await response.text()


async def test_a_page_of_another_name_is_refused(ledger: Path, opened: Opened) -> None:
    client = await opened(ledger)
    async with client.get("/", headers={"Host": "attacker.example"}) as response:
        assert response.status == 403


async def test_nothing_but_reading_is_possible(ledger: Path, opened: Opened) -> None:
    async with (await opened(ledger)).post("/") as response:
        assert response.status == 405


async def test_a_folder_of_reports_is_shown_without_its_runs(
    ledger: Path, opened: Opened, tmp_path: Path
) -> None:
    _, report = await recorded_report(ledger, "my/job")
    write_report(report, tmp_path / "out" / "first", "first")
    client = await opened(tmp_path / "out")
    text = await page(client, "/job/first")
    assert "/job/first/problems" in text and 'href="/job/first/spending"' not in text
    assert "tts view LEDGER" in await page(client, "/job/first/spending", status=400)


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no report"):
        source_of(tmp_path)
