from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.backends.scripted import ScriptedGenerator
from tts.cli.app import app
from tts.engine import Engine

RUN = CliRunner()


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    place = str(tmp_path / "ledger.db")

    async def record() -> None:
        model = ScriptedGenerator(lambda *_: "\\boxed{42}")
        async with Engine(model, verifier=None, ledger=place) as engine:
            await engine.solve("six times seven", strategy="majority_vote(n=2)")
            await engine.solve("seven times six", strategy="single")

    asyncio.run(record())
    return place


def test_without_a_run_the_runs_are_listed(ledger: str) -> None:
    found = RUN.invoke(app, ["trace", ledger])
    assert found.exit_code == 0
    assert "majority_vote" in found.output and "single" in found.output


def test_a_run_is_shown_by_the_beginning_of_its_id(ledger: str) -> None:
    listed = RUN.invoke(app, ["trace", ledger]).output
    row = next(line for line in listed.splitlines() if "single" in line)
    found = RUN.invoke(app, ["trace", ledger, row.split("│")[1].strip()])
    assert "★" in found.output
    assert "42" in found.output


def test_the_page_is_written_and_never_over_another_file(ledger: str, tmp_path: Path) -> None:
    listed = RUN.invoke(app, ["trace", ledger]).output
    run = next(line for line in listed.splitlines() if "single" in line).split("│")[1].strip()
    page = tmp_path / "trace.html"
    command = ["trace", ledger, run, "--html", str(page)]
    assert RUN.invoke(app, command).exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert RUN.invoke(app, command).exit_code != 0
