"""`tts cascade` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tts.cli.app import app


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two models on 30 problems: one knows every other problem and is cheap, one knows all."""
    rows = [
        {
            "problem_id": f"p{problem}",
            "model": model,
            "sample_index": index,
            "answer": "4" if problem % 2 or model == "dear" else str(index),
            "correct": bool(problem % 2) or model == "dear",
            "prompt_tokens": 10,
            "completion_tokens": tokens,
        }
        for model, tokens in (("cheap", 10), ("dear", 400))
        for problem in range(30)
        for index in range(4)
    ]
    path = tmp_path / "pool.jsonl"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    return path


def test_budgets_cascades_and_regrets_are_shown(recorded: Path) -> None:
    found = CliRunner().invoke(app, ["cascade", str(recorded), "--at", "300,500"])
    assert found.exit_code == 0, found.output
    assert "30 problems, 2 models; by tokens a problem" in found.output
    assert "cheap: up to 2 draws for 2 that agree; else dear: 1 draw" in found.output
    assert "who knows each problem's best" in found.output


def test_everything_is_one_json_object(recorded: Path) -> None:
    found = CliRunner().invoke(app, ["cascade", str(recorded), "--at", "300", "--json"])
    [point] = json.loads(found.stdout)["points"]
    assert point["fixed"]["accuracy"]["value"] == pytest.approx(0.5)
    assert point["fitted"]["cascade"]["accuracy"]["value"] == pytest.approx(1)
    assert point["fitted"]["difference"]["low"] > 0.2
