"""`tts results` and recipes of several parts, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.cli.compare import run_comparison
from tts.cli.results import show_results
from tts.errors import BadInput

RECIPE = """
model: simulated:0.7
verifier: none
problems: arithmetic:5
strategies: [single, "majority_vote(n=3)"]
parts:
  one: {title: First, bins: [1]}
  two: {title: Second, bins: [2]}
"""


def test_every_part_has_a_folder_and_all_of_them_one_page(tmp_path: Path) -> None:
    recipe, page = tmp_path / "two.yaml", tmp_path / "docs" / "results.md"
    recipe.write_text(RECIPE)
    run_comparison(recipe, {}, ledger=str(tmp_path / "tts.db"), job="", out=tmp_path / "out")
    show_results(tmp_path / "out", page)
    text = page.read_text()
    assert text.index("## First") < text.index("## Second")
    assert text.count("majority_vote(n=3)") >= 4


def test_a_folder_without_reports_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"report\.json"):
        show_results(tmp_path, None)
