"""Problems are filtered and paged, and two rows are set side by side."""

from __future__ import annotations

import pytest

from tts.errors import UnknownName
from tts.eval.report.comparison_report import Cell, ComparisonReport, ProblemLine
from tts.eval.report.rows import Row
from tts.eval.statistics import wilson
from tts.eval.view.problems import PAGE, listing, pair
from tts.values import NOTHING


def cell(correct: int, graded: int = 1, runs: int = 1, error: str | None = None) -> Cell:
    return Cell(
        correct=correct,
        graded=graded,
        runs=runs,
        answer="1",
        reason="",
        stopped_by="done",
        error=error,
        attributed=NOTHING,
    )


def row(name: str) -> Row:
    return Row(
        strategy=name,
        budget="",
        n=1,
        runs=1,
        accuracy=wilson(1, 2),
        attributed=NOTHING,
        billed=NOTHING,
        seconds=None,
        stopped_by={},
    )


def report(*cells: tuple[Cell | None, Cell | None]) -> ComparisonReport:
    lines = tuple(
        ProblemLine(problem_id=str(i), prompt="", reference=None, difficulty_bin=None, cells=pair_)
        for i, pair_ in enumerate(cells)
    )
    return ComparisonReport(title="", rows=(row("a"), row("b")), problems=lines)


RIGHT, WRONG, FAILED = cell(1), cell(0), cell(0, graded=0, error="broken")
MIXED = report((RIGHT, RIGHT), (RIGHT, WRONG), (WRONG, WRONG), (RIGHT, FAILED), (None, RIGHT))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("all", ["0", "1", "2", "3", "4"]),
        ("wrong", ["1", "2"]),
        ("disagreement", ["1"]),
        ("failed", ["3"]),
    ],
)
def test_a_filter_keeps_the_problems_of_its_kind(wanted: str, found: list[str]) -> None:
    assert [line.problem_id for line in listing(MIXED, wanted, 1).lines] == found


def test_an_unknown_filter_names_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="disagreement"):
        listing(MIXED, "diagreement", 1)


@pytest.mark.parametrize(("asked", "shown"), [(0, 1), (1, 1), (2, 2), (3, 3), (9, 3)])
def test_a_page_outside_is_the_nearest(asked: int, shown: int) -> None:
    many = report(*[(RIGHT, WRONG)] * (2 * PAGE + 1))
    found = listing(many, "all", asked)
    assert (found.page, found.pages, found.found) == (shown, 3, 2 * PAGE + 1)
    assert len(found.lines) == (1 if shown == 3 else PAGE)


def test_two_rows_are_counted_over_the_problems_that_both_were_graded_on() -> None:
    found = pair(MIXED, 0, 1)
    assert (found.both, found.first_only, found.second_only, found.neither) == (1, 1, 0, 1)
    assert [line.problem_id for line in found.apart] == ["1"]


def test_problems_on_which_runs_of_a_row_disagree_are_counted_apart() -> None:
    found = pair(report((cell(1, graded=2, runs=2), RIGHT)), 0, 1)
    assert (found.both, found.mixed) == (0, 1)


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownName):
        pair(MIXED, 0, 2)
