"""A job as logs of inspect_ai: what is written is read back as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.eval.replay.importers.test_ledger import compared
from tts.cli.app import app
from tts.errors import UsageError
from tts.eval.replay.importers.inspect_logs import inspect_rows


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("job") / "tts.db"
    compared(place, "single", "majority_vote(n=3)", repeats=2)
    return place


def test_a_log_read_back_has_the_accuracy_and_the_spend_of_its_row(
    ledger: Path, tmp_path: Path
) -> None:
    report = compared(ledger, "single", "majority_vote(n=3)", repeats=2)
    found = CliRunner().invoke(app, ["ledger", str(ledger), "--inspect", str(tmp_path / "logs")])
    assert found.exit_code == 0, found.output
    for row in report.rows:
        [file] = (tmp_path / "logs").glob(
            f"{row.strategy.partition('(')[0]}*.json".replace("_", "*")
        )
        read = inspect_rows(file).rows
        assert [one["replicate"] for one in read] == [0, 1] * 6
        assert row.accuracy is not None
        assert sum(bool(one["correct"]) for one in read) / 12 == row.accuracy.value
        spent = sum(one["prompt_tokens"] + one["completion_tokens"] for one in read)
        assert spent / 12 == row.attributed.tokens / 12


def test_a_folder_that_has_the_logs_is_left_as_it_is(ledger: Path, tmp_path: Path) -> None:
    command = ["ledger", str(ledger), "--inspect", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 0
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    found = CliRunner().invoke(app, command)
    assert isinstance(found.exception, UsageError)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_two_writings_of_a_job_are_equal(ledger: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        CliRunner().invoke(app, ["ledger", str(ledger), "--inspect", str(tmp_path / name)])
    names = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert len(names) == 2
    for name in names:
        assert json.loads((tmp_path / "a" / name).read_text()) == json.loads(
            (tmp_path / "b" / name).read_text()
        )
