"""`tts exchange` as a user types it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tts.cli.app import app


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    rows = [
        {
            "problem_id": f"p{at}",
            "model": model,
            "sample_index": k,
            "answer": "4" if k % 2 or model == "large" else f"x{k}",
            "correct": bool(k % 2) or model == "large",
            "prompt_tokens": 10,
            "completion_tokens": 10,
        }
        for model in ("small", "large")
        for at in range(8)
        for k in range(5)
    ]
    path = tmp_path / "pool.jsonl"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    return path


def test_votes_of_a_small_model_stand_beside_draws_of_a_larger_one(recorded: Path) -> None:
    files = [f"{recorded}#small", f"{recorded}#large"]
    found = CliRunner().invoke(app, ["exchange", *files, "--times", "5", "--ratio", "inf,0.16"])
    assert found.exit_code == 0, found.output
    assert "small with the FLOPs of one draw of" in found.output
    first, second = (
        line.split() for line in found.output.splitlines() if line[:5].strip() in ("inf", "0.16")
    )
    assert first[:4] == ["inf", "5.0", "5", "100"]
    assert second[:5] == ["0.16", "80.0", "5", "of", "80"]
    assert "More draws would be paid for" in found.output


def test_two_models_are_exchanged_and_no_other_number(recorded: Path) -> None:
    found = CliRunner().invoke(
        app, ["exchange", f"{recorded}#small", str(recorded), "--times", "5"]
    )
    assert found.exit_code != 0


def test_models_that_were_asked_other_problems_are_refused_before_anything_is_graded(
    recorded: Path,
) -> None:
    rows = [msgspec.json.decode(line) for line in recorded.read_bytes().splitlines()]
    for row in rows:
        row["problem_id"] += row["model"]
        del row["correct"]  # and no reference either: grading them would be refused
    recorded.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    files = [f"{recorded}#small", f"{recorded}#large"]
    found = CliRunner().invoke(app, ["exchange", *files, "--times", "5"])
    assert "'small' and 'large' have no problem in common" in str(found.exception)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--times", "0.5"), "at least as large"),
        (("--times", "5", "--ratio", "0"), "above 0"),
        (("--times", "5", "--ratio", "x"), "--ratio takes amounts"),
    ],
)
def test_options_that_cannot_be_are_told_before_the_files_are_read(
    option: tuple[str, ...], told: str
) -> None:
    found = CliRunner().invoke(app, ["exchange", "none.jsonl", "none.jsonl", *option])
    assert found.exit_code != 0
    assert told in str(found.exception), found.output
