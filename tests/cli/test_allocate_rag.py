"""`tts allocate-rag` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.errors import UsageError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "settings.jsonl"
    rows = [
        {"strategy": "drag", "k": k, "m": m, "tokens": 100 * (m + 1) * k, "score": k / 50 + m / 50}
        for k in (1, 2, 5, 10, 20)
        for m in (0, 1, 4)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_the_answer_is_a_strategy_with_its_price(table: Path) -> None:
    found = CliRunner().invoke(app, ["allocate-rag", str(table), "--budget", "2k"])
    assert found.stdout.startswith("drag(k=20, m=0)")
    assert "price 2,000 tokens a question" in found.stdout


def test_a_budget_in_dollars_is_refused(table: Path) -> None:
    found = CliRunner().invoke(app, ["allocate-rag", str(table), "--budget", "$5"])
    assert isinstance(found.exception, UsageError)
