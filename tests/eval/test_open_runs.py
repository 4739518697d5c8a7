"""A server that goes away leaves runs open, and the same command goes on with them."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.cli.compare import exit_code
from tts.eval.recipe import recipe_of
from tts.eval.report import ComparisonReport
from tts.eval.run_comparison import run_comparison


def spec(server: FaultServer, **changes: Any) -> Any:
    keys = {
        "model": "openai:m",
        "base_url": server.url,
        "problems": "arithmetic:12",
        "strategies": ["majority_vote(n=4)"],
        "retries": 0,
        "concurrency": 4,
    }
    return recipe_of({**keys, **changes}).spec()


def ends(report: ComparisonReport) -> dict[str, int]:
    return {str(end): count for end, count in report.rows[0].stopped_by.items()}


def dying(after: int, fault: Fault) -> FaultPlan:
    """A server that answers so many requests and then meets every one with the fault."""
    return FaultPlan(script=(None,) * after + (fault,) * 4000)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="reset_before_headers"),
        Fault(kind="status", status=503),
        Fault(kind="status", status=429),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.parametrize("after", [17, 40])
async def test_an_outage_is_no_final_result(tmp_path: Path, fault: Fault, after: int) -> None:
    async with FaultServer() as server:
        whole = await run_comparison(spec(server), ledger=tmp_path / "whole.db")
    async with FaultServer(dying(after, fault)) as server:
        first = await run_comparison(spec(server), ledger=tmp_path / "a.db")
        assert ends(first).get("outage", 0) > 0 and "failed" not in ends(first)
        assert exit_code(first) == 1
        told = [text for text in first.warnings if "open: the same command goes on" in text]
        assert len(told) == 1 and str(ends(first)["outage"]) in told[0]
        assert sum(first.rows[0].reasons.values()) == ends(first)["outage"]
        server.plan = FaultPlan()
        second = await run_comparison(spec(server), ledger=tmp_path / "a.db")
    assert ends(second) == ends(whole) == {"done": 12} and exit_code(second) == 0
    assert second.rows[0].accuracy == whole.rows[0].accuracy
    assert second.rows[0].attributed == whole.rows[0].attributed


async def test_a_server_that_is_gone_gets_few_attempts_and_every_run_stays_open(
    tmp_path: Path,
) -> None:
    stopping: list[asyncio.Task[None]] = []
    async with FaultServer() as server:
        chosen = spec(server, problems="arithmetic:40")
        first = await run_comparison(
            chosen,
            ledger=tmp_path / "a.db",
            watch=lambda _: stopping.append(asyncio.create_task(server.stop())),
        )
        assert ends(first) == {"outage": 40}
        with sqlite3.connect(tmp_path / "a.db") as ledger:
            [[attempts]] = ledger.execute("SELECT COUNT(*) FROM attempts")
        assert attempts <= 4 + 8, "those that were under way, and a trial now and then"
        await server.start()
        second = await run_comparison(chosen, ledger=tmp_path / "a.db")
    assert ends(second) == {"done": 40}


async def test_failed_runs_stay_failed_until_they_are_asked_for_again(tmp_path: Path) -> None:
    refused = Fault(kind="status", status=400)
    async with FaultServer(dying(20, refused)) as server:
        first = await run_comparison(spec(server), ledger=tmp_path / "a.db")
        bad = ends(first)
        assert bad.get("failed", 0) > 0 and exit_code(first) == 1
        assert any("failed: --retry-failed" in text for text in first.warnings)
        server.plan = FaultPlan()
        again = await run_comparison(spec(server), ledger=tmp_path / "a.db")
        assert ends(again) == bad
        mended = await run_comparison(spec(server), ledger=tmp_path / "a.db", retry_failed=True)
        assert ends(mended) == {"done": 12} and exit_code(mended) == 0
        last = await run_comparison(spec(server), ledger=tmp_path / "a.db", retry_failed=True)
        assert ends(last) == {"done": 12}
    async with FaultServer() as server:
        whole = await run_comparison(spec(server), ledger=tmp_path / "whole.db")
    assert mended.rows[0].attributed == last.rows[0].attributed == whole.rows[0].attributed
    assert mended.rows[0].accuracy == whole.rows[0].accuracy


async def test_draws_that_never_came_are_counted_with_their_reason(tmp_path: Path) -> None:
    garbled = Fault(kind="body", body=b"<html>oops</html>")
    async with FaultServer(dying(20, garbled)) as server:
        report = await run_comparison(
            spec(server, problems="arithmetic:4"), ledger=tmp_path / "a.db"
        )
    missing = report.rows[0].missing
    assert missing and all("BadReply" in reason for reason in missing)
    assert any("never came" in text and "BadReply" in text for text in report.warnings)
