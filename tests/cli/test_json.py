"""With `--json` standard output is one document and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tts.cli.app import app

PLAIN = ("--model", "simulated:0.7", "--verifier", "none")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(*arguments: str, code: int = 0) -> Any:
    found = CliRunner().invoke(app, [*arguments, "--json"])
    assert found.exit_code == code, found.output
    return json.loads(found.stdout)


def test_an_evaluation_is_its_report_and_the_files_that_it_wrote() -> None:
    found = told("eval", "arithmetic:5", "--strategy", "single", "--job", "j", *PLAIN)
    assert list(found) == ["j"]
    [row] = found["j"]["report"]["rows"]
    assert row["n"] == 5 and found["j"]["exit_code"] == 0
    assert json.loads(Path("out/j/report.json").read_text()) == found["j"]["report"]
    assert all(Path(path).is_file() for path in found["j"]["files"])


def test_a_comparison_of_parts_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "strategies: [single]\nparts:\n  a: {problems: 'arithmetic:3'}\n  b: {problems: 'arithmetic:4'}\n"
    )
    found = told("compare", "r.yaml", "--job", "j", *PLAIN)
    assert {job: len(one["report"]["problems"]) for job, one in found.items()} == {
        "j-a": 3,
        "j-b": 4,
    }


def test_an_estimate_has_its_sums_and_no_zero_for_an_unknown_price() -> None:
    found = told(
        "estimate",
        "--problems",
        "arithmetic:4",
        "--strategies",
        "single, majority_vote(n=2)",
        *PLAIN,
    )
    single, vote = found["parts"][""]["rows"]
    assert (single["strategy"], single["runs"], single["calls"]) == ("single", 4, 4)
    assert vote["tokens_at_most"] > single["tokens_at_most"] > 0
    assert found["tokens_at_most"] == vote["tokens_at_most"] + single["tokens_at_most"]
    assert single["dollars_at_most"] is None


def test_a_pilot_is_one_document() -> None:
    found = told(
        "estimate", "--problems", "arithmetic:9", "--strategies", "single", "--pilot", "5", *PLAIN
    )
    [pilot] = found.values()
    assert (pilot["problems"], pilot["whole"]) == (5, 9)
