"""What `tts compare` refuses before anything is spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts.cli.compare import recipes, run_parts
from tts.errors import BadInput, UsageError

PLAIN: dict[str, Any] = {
    "model": "simulated:0.7",
    "verifier": "none",
    "problems": "arithmetic:3",
    "strategies": ["single"],
}


def refused(tmp_path: Path, *, out: Path | None = None, part: str = "", **changes: Any) -> str:
    """The error's words; nothing may have been recorded."""
    place = tmp_path / "tts.db"
    with pytest.raises(UsageError) as caught:
        options = {**PLAIN, **changes}
        run_parts(recipes(None, options, part), ledger=str(place), job="", out=out or tmp_path)
    assert not place.exists()
    return str(caught.value)


def test_a_strategy_given_twice_is_refused(tmp_path: Path) -> None:
    twice = ["majority_vote(n=3)", "majority_vote( n=3 )"]
    assert "leave one out" in refused(tmp_path, strategies=twice)


def test_a_budget_given_twice_in_other_words_is_refused(tmp_path: Path) -> None:
    assert "'1000 tokens' repeats '1k tokens'" in refused(
        tmp_path, budgets=["1k tokens", "1000 tokens"]
    )


def test_an_unknown_baseline_is_refused_even_for_one_strategy(tmp_path: Path) -> None:
    assert "no strategy to be the --baseline 'nosuch'" in refused(tmp_path, baseline="nosuch")


def test_a_mistyped_baseline_is_told_its_near_name(tmp_path: Path) -> None:
    assert "Did you mean 'single'?" in refused(tmp_path, baseline="singel")


@pytest.mark.parametrize(
    ("field", "value"), [("temperature", -1), ("max_tokens", 0), ("top_p", 1.5), ("top_k", -1)]
)
def test_sampling_outside_its_range_is_refused(tmp_path: Path, field: str, value: float) -> None:
    assert field in refused(tmp_path, sampling={field: value})


def test_a_part_without_a_recipe_is_refused(tmp_path: Path) -> None:
    assert "no recipe is given" in refused(tmp_path, part="hard")


def test_a_folder_that_cannot_be_made_is_refused_before_the_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "--out" in refused(tmp_path, out=tmp_path / "file" / "out")


def test_a_report_that_cannot_be_written_says_that_nothing_is_lost(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "report.html").mkdir(parents=True)
    with pytest.raises(BadInput, match="The ledger holds every finished run"):
        run_parts(recipes(None, PLAIN), ledger=str(tmp_path / "tts.db"), job="", out=out)
