"""`tts question-policy` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.engine import parse_strategy
from tts.errors import BadInput

ROW = {
    "closed": {"answer": "Turku", "mean_logprob": -0.4},
    "read": {"answer": "Visby", "mean_logprob": -0.1},
    "hops": {"answer": "Visby"},
    "chosen": {"answer": "Visby"},
    "references": ["Visby"],
}


def test_the_policy_is_judged_and_written_for_the_strategy(tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "policy.json"
    wrong = {**ROW, "references": ["Oslo"]}
    rows.write_text("\n".join(json.dumps(one) for one in [ROW, wrong] * 10))
    found = CliRunner().invoke(app, ["question-policy", str(rows), "--out", str(out)])
    assert found.exit_code == 0 and "questions that it asks again" in found.stdout
    assert parse_strategy(f"adaptive_rag(policy={out})").parameters["digest"]


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "rows.jsonl:1"), (json.dumps({**ROW, "references": []}), "reference"), ("", "fewest")],
)
def test_rows_that_cannot_be_are_one_line(tmp_path: Path, content: str, said: str) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(content)
    found = CliRunner().invoke(app, ["question-policy", str(rows)])
    assert isinstance(found.exception, BadInput) and said in str(found.exception)
