"""A report as Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tts.errors import BadInput
from tts.eval.report import ComparisonReport, assemble, to_json, to_markdown
from tts.eval.report.markdown import read_reports, results_page


@pytest.fixture
def report(problems: Any, runs: Any) -> ComparisonReport:
    attempts = [*runs("vote", right=4), *runs("search", right=9)]
    return assemble(attempts, problems, title="Claim | <b>", seed=0, baseline="vote")


def test_a_row_shows_interval_paired_difference_and_what_could_be_detected(report: Any) -> None:
    [line] = [one for one in to_markdown(report).splitlines() if one.startswith("| search | 1")][:1]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[3].startswith("90.0") and cells[6] == "1.00" and cells[7].startswith("+50.0")
    assert float(cells[9]) > 0


def test_titles_can_break_no_table_and_are_no_html(report: Any) -> None:
    assert to_markdown(report).startswith("## Claim \\| &lt;b>")


def test_accuracy_is_shown_by_difficulty_bin(report: Any) -> None:
    assert "| strategy | budget | bin 1 | bin 2 |" in to_markdown(report)


def test_the_page_is_made_of_the_reports_that_were_written(report: Any, tmp_path: Path) -> None:
    for name in ("hard", "all"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(to_json(report))
    found = read_reports(tmp_path)
    assert list(found) == ["all", "hard"] and found["hard"] == report
    assert results_page(found).count("## Claim") == 2


def test_a_folder_without_reports_or_with_another_version_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no"):
        read_reports(tmp_path)
    (tmp_path / "report.json").write_text(json.dumps({"title": 3}))
    with pytest.raises(BadInput, match="no report of this version"):
        read_reports(tmp_path)
    assert msgspec.json.decode(b"3") == 3
