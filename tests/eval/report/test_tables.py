"""The tables of a report for other programs, and what a notebook shows of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tts.errors import UnknownName
from tts.eval.attempts import Attempt
from tts.eval.report import ComparisonReport, assemble
from tts.eval.report.tables import records, write_parquet
from tts.values import Problem

MakeRuns = Callable[..., list[Attempt]]


@pytest.fixture
def report(problems: list[Problem], runs: MakeRuns) -> ComparisonReport:
    made = [*runs("vote", 4), *runs("<b>beam</b>", 9, nanodollars=None)]
    return assemble(made, problems, title="t", seed=0, baseline="vote")


def test_rows_have_their_figures_and_bounds(report: ComparisonReport) -> None:
    first, second = records(report, "rows")
    assert first["strategy"] == "vote" and first["accuracy"] == 0.4
    assert first["accuracy_low"] < 0.4 < first["accuracy_high"]
    assert second["dollars_per_run"] is None, "unknown is not zero"


def test_problems_have_one_record_for_each_row_that_ran_them(report: ComparisonReport) -> None:
    found = records(report, "problems")
    assert len(found) == 2 * 10
    assert {"problem_id", "prompt", "strategy", "correct", "prompt_tokens"} <= found[0].keys()


def test_spend_has_one_record_for_each_role(report: ComparisonReport) -> None:
    roles = {(one["strategy"], one["role"]) for one in records(report, "spend")}
    assert roles >= {("vote", "sample"), ("vote", "verify")}


def test_a_table_that_there_is_not_names_the_others(report: ComparisonReport) -> None:
    with pytest.raises(UnknownName, match="problems"):
        records(report, "problem")


def test_tables_are_data_frames(report: ComparisonReport) -> None:
    pandas = pytest.importorskip("pandas")
    frame = report.to_pandas("problems")
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 20
    assert set(report.to_pandas()["strategy"]) == {"vote", "<b>beam</b>"}


def test_tables_are_written_as_parquet_and_read_back(
    report: ComparisonReport, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    written = write_parquet(report, tmp_path)
    assert [path.name for path in written] == ["rows.parquet", "problems.parquet", "spend.parquet"]
    assert parquet.read_table(written[0]).to_pylist() == records(report, "rows")


def test_a_notebook_shows_the_sentence_and_the_table_escaped(report: ComparisonReport) -> None:
    shown = report._repr_html_()
    assert "% of 10 problems" in shown and "&lt;b&gt;beam" in shown and "<b>beam" not in shown
