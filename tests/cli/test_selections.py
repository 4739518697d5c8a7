from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.eval.programs.conftest import Files, files
from tts.cli.app import app
from tts.errors import BadInput, UsageError
from tts.verifiers.sandbox import probe

__all__ = ["files"]


def test_curves_are_shown_and_executions_kept_beside_the_pool(files: Files) -> None:
    if not probe("landlock").holds:
        pytest.skip("no isolation here")
    command = ["replay", str(files.pool), "--tests", str(files.tests), "--problems", files.problems]
    found = CliRunner().invoke(app, [*command, "--orders", "2"])
    assert found.exit_code == 0, found.output
    assert "agree" in found.output and "oracle" in found.output
    assert files.pool.with_name("pool.jsonl.executions.jsonl").exists()
    again = CliRunner().invoke(app, [*command, "--json"])
    assert json.loads(again.stdout)["sizes"] == [1, 2, 4]
    tried = CliRunner().invoke(app, [*command, "--inputs", "6"])
    assert tried.exit_code == 0, tried.output
    assert "Inputs were made for 1 of 1 tasks." in tried.output
    assert "Inputs were made" not in found.output


def test_tests_without_problems_end_with_one_line(files: Files) -> None:
    found = CliRunner().invoke(app, ["replay", str(files.pool), "--tests", str(files.tests)])
    assert isinstance(found.exception, UsageError)
    assert "--tests needs --problems" in str(found.exception)


def test_a_file_of_tests_that_is_not_there_ends_with_one_line(files: Files, tmp_path: Path) -> None:
    lost = str(tmp_path / "none.jsonl")
    command = ["replay", str(files.pool), "--tests", lost, "--problems", files.problems]
    found = CliRunner().invoke(app, command)
    assert isinstance(found.exception, BadInput)
    assert f"{lost}: cannot be read" in str(found.exception)
