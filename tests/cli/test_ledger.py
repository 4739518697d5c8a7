"""What a ledger holds is shown in part where it is long, and a run as its tree."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from tts.backends.scripted import ScriptedGenerator
from tts.cli.app import app
from tts.cli.ledger import MOST_ROWS, attributed_table, jobs_table
from tts.cli.traces import listed
from tts.engine import Engine
from tts.errors import MOST_NAMES
from tts.eval.trace import run_lines
from tts.eval.trace.read import some
from tts.ledger import Ledger
from tts.ledger.questions import JobSummary, Share
from tts.protocols import RunRow
from tts.values import NOTHING

MANY = 40_000


async def test_a_list_of_runs_is_read_in_part(tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    run = RunRow(
        job="j", run_id="", problem_id="p", strategy='{"name":"single"}', budget="{}", replicate=0
    )
    async with Ledger.open(place, job="j") as ledger:
        await ledger.commit(*(replace(run, run_id=f"{at:016x}") for at in range(9)))
    lines, count = run_lines(place, "j", most=4)
    assert [line.run_id for line in lines] == [f"{at:016x}" for at in range(4)]
    assert count == 9 and len(list(listed(lines, {}))) == 1 + 4


def test_tables_of_a_ledger_are_shown_in_part_and_say_so() -> None:
    share = Share(name="r", uses=1, usage=NOTHING, known=NOTHING)  # type: ignore[arg-type]
    job = JobSummary(job="j", kind="comparison", created_at=0.0, runs=1, ended=1)
    for table in (attributed_table([share] * MANY, "run"), jobs_table([job] * MANY)):
        assert len(table.rows) == MOST_ROWS
        assert "39,800 more rows" in table.caption


def test_names_in_a_message_are_a_few() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["x"] * MANY).endswith(f"and {MANY - MOST_NAMES:,} more")


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
    found = RUN.invoke(app, ["trace", ledger, row.split()[0]])
    assert "★" in found.output
    assert "42" in found.output


def test_the_page_is_written_and_never_over_another_file(ledger: str, tmp_path: Path) -> None:
    listed = RUN.invoke(app, ["trace", ledger]).output
    run = next(line for line in listed.splitlines() if "single" in line).split()[0]
    page = tmp_path / "trace.html"
    command = ["trace", ledger, run, "--html", str(page)]
    assert RUN.invoke(app, command).exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert RUN.invoke(app, command).exit_code != 0


def test_runs_stand_in_the_order_of_the_set_with_verdict_and_whole_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = (("z", "1"), ("a", "0"))
    (tmp_path / "set.jsonl").write_text(
        "".join(
            f'{{"id": "{name}", "problem": "{name}?", "answer": "{one}"}}\n'
            for name, one in answers
        )
    )
    (tmp_path / "said.jsonl").write_text('{"where": [""], "says": ["\\\\boxed{1}"]}\n')
    asked = ["--strategies", "single, majority_vote(n=2)", "--model", "scripted:said.jsonl"]
    made = RUN.invoke(app, ["compare", "--problems", "set.jsonl", "--verifier", "none", *asked])
    assert made.exit_code == 0, made.output
    lines = RUN.invoke(app, ["trace"]).output.splitlines()
    assert [at for at, text in enumerate(lines) if text in ("z", "a")] == [0, 3]
    runs = [text.split() for text in lines if text.startswith("  ")]
    assert [one[1] for one in runs] == ["right", "right", "wrong", "wrong"]
    assert all(RUN.invoke(app, ["trace", "tts.db", one[0]]).exit_code == 0 for one in runs)
