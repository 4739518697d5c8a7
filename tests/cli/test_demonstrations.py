"""`tts demonstrations` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.errors import TTSError

SET = [{"id": "q", "problem": "Where was Ida Brandt born?", "answer": "Visby"}]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    corpus, questions = tmp_path / "corpus.jsonl", tmp_path / "train.jsonl"
    corpus.write_text('{"text": "Ida Brandt was born in Visby."}')
    questions.write_text("\n".join(map(json.dumps, SET)))
    out = ["--out", str(tmp_path / "shots.jsonl")]
    return ["demonstrations", str(questions), "--corpus", str(corpus), *out]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--strategy", "rag"], "an iterdrag"),
        (["--strategy", "iterdrag(m=1)"], "no demonstrations yet"),
        (["--corpus", "nowhere.jsonl"], "nowhere.jsonl"),
        ([], "No training question gave a demonstration"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    arguments: list[str], tmp_path: Path, more: list[str], said: str
) -> None:
    found = CliRunner().invoke(app, [*arguments, *more])
    assert isinstance(found.exception, TTSError) and said in str(found.exception)
    assert not (tmp_path / "shots.jsonl").exists()
