"""What `tts replay` says while it works, and of a verifier."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.cli.replay import Grading
from tts.cli.screen import Screen


@pytest.mark.parametrize(("seconds", "said"), [(0.5, 0), (1.5, 1), (12.0, 2)])
def test_grading_says_how_far_it_is_once_it_takes_a_while(
    lab: Any, capsys: pytest.CaptureFixture[str], seconds: float, said: int
) -> None:
    grading = Grading(Screen(stderr=True))
    grading("m", 3, 9)
    assert lab.run(grading.through(asyncio.sleep(seconds, "a report"))) == "a report"
    told = capsys.readouterr()
    assert told.err.count("m: 3 of 9 problems, comparing answers") == said
    assert told.out == ""


def rows(*, fooled: bool, scored: bool = True) -> list[dict[str, Any]]:
    """Forty problems, eight draws each, every other one right; of the wrong ones the last has the
    highest score of all where the verifier is fooled."""
    return [
        {
            "problem_id": f"p{problem}",
            "problem": f"{problem}?",
            "model": "m",
            "answer": "1" if draw % 2 else "2",
            "completion": f"draw {draw}",
            "correct": bool(draw % 2),
            **({"score": _score(draw, fooled=fooled)} if scored else {}),
        }
        for problem in range(40)
        for draw in range(8)
    ]


def _score(draw: int, *, fooled: bool) -> float:
    return 0.99 if fooled and draw == 6 else 0.1 + 0.8 * (draw % 2) + draw / 100


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"fooled": True}, "best of k stops at N=2 (95 %: 2 to 2): +"),
        ({"fooled": False}, "best of k stops at N=5 (95 %: 5 to 5): +0.0"),
        ({"fooled": True, "scored": False}, None),
    ],
)
def test_a_curve_by_scores_says_how_many_draws_the_verifier_is_worth(
    tmp_path: Path, told: dict[str, bool], line: str | None
) -> None:
    file = tmp_path / "pool.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows(**told)), "utf-8")
    found = CliRunner().invoke(app, ["replay", str(file)])
    assert found.exit_code == 0, found.output
    if line is None:
        assert "stops at" not in found.output
    else:
        assert line in found.output
        assert ("more draws are worse" in " ".join(found.output.split())) == told["fooled"]
