from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tts.eval.attempts import Attempt
from tts.eval.report import assemble
from tts.values import Problem

Problems = list[Problem]
Make = Callable[..., Attempt]
MakeRuns = Callable[..., list[Attempt]]


def test_rows_stand_in_order_of_appearance(problems: Problems, runs: MakeRuns) -> None:
    report = assemble([*runs("b", 5), *runs("a", 9)], problems, title="t", seed=0)
    assert [row.strategy for row in report.rows] == ["b", "a"]
    assert [row.accuracy.value for row in report.rows if row.accuracy] == [0.5, 0.9]


def test_a_failed_run_leaves_the_accuracy_and_stays_in_the_cost(
    problems: Problems, attempt: Make
) -> None:
    made = [attempt(problem=0), attempt(problem=1, correct=None)]
    report = assemble(made, problems, title="t", seed=0)
    (row,) = report.rows
    assert row.accuracy is not None
    assert (row.n, row.accuracy.value, row.runs, row.ungraded) == (1, 1.0, 2, 1)
    assert (row.attributed.tokens, row.stopped_by) == (2000, {"done": 1, "failed": 1})
    assert any("1 of 2 runs failed" in one for one in report.warnings)


def test_a_run_that_the_wallet_suspended_did_not_end_ahead_of_its_turn(
    problems: Problems, attempt: Make
) -> None:
    quick = replace(attempt(problem=1), counted=False)
    held = replace(attempt(problem=2, correct=None), stopped_by="suspended", counted=False)
    report = assemble([attempt(problem=0), quick, held], problems, title="t", seed=0)
    assert report.rows[0].early == 1
    assert any(one.startswith("1 of 3 runs ended ahead") for one in report.warnings)
    assert any(one.startswith("1 of 3 runs are suspended") for one in report.warnings)


def test_a_row_of_failures_has_no_accuracy(problems: Problems, attempt: Make) -> None:
    (row,) = assemble([attempt(correct=None)], problems, title="t", seed=0).rows
    assert (row.accuracy, row.n) == (None, 0)


def test_billed_and_attributed_are_kept_apart(problems: Problems, runs: MakeRuns) -> None:
    (row,) = assemble(runs("a", 5), problems, title="t", seed=0).rows
    assert (row.attributed.tokens, row.billed.tokens) == (10_000, 2_000)
    assert {one.role: one.usage.tokens for one in row.spend} == {"sample": 8000, "verify": 2000}


def test_one_unknown_price_makes_the_sum_unknown(
    problems: Problems, runs: MakeRuns, attempt: Make
) -> None:
    made = [*runs("a", 5), attempt("a", nanodollars=None, replicate=1)]
    report = assemble(made, problems, title="t", seed=0)
    assert report.rows[0].dollars_per_run is None
    assert "The price of 1 of 1 rows is unknown." in report.warnings


def test_the_counterpart_is_the_baseline_under_the_same_budget(
    problems: Problems, runs: MakeRuns
) -> None:
    made = [run for budget in ("1k", "2k") for name in ("base", "new")
            for run in runs(name, 5 if name == "base" else 9, budget)]  # fmt: skip
    rows = assemble(made, problems, title="t", seed=0, baseline="base").rows
    assert [row.against for row in rows] == [None, "base · 1k", None, "base · 2k"]
    assert rows[1].difference is not None
    assert rows[1].difference.estimate.value == pytest.approx(0.4)


def test_a_baseline_of_one_budget_is_compared_with_every_row(
    problems: Problems, runs: MakeRuns
) -> None:
    made = [*runs("greedy", 3, "one draw"), *runs("new", 9, "1k"), *runs("new", 9, "2k")]
    rows = assemble(made, problems, title="t", seed=0, baseline="greedy").rows
    assert [row.against for row in rows] == [None, "greedy · one draw", "greedy · one draw"]


def test_p_values_are_corrected_for_all_rows(problems: Problems, runs: MakeRuns) -> None:
    made = [*runs("base", 0), *runs("a", 8), *runs("b", 9)]
    report = assemble(made, problems, title="t", seed=0, baseline="base")
    _, a, b = report.rows
    assert a.difference is not None and b.difference is not None
    assert (a.p_holm, b.p_holm) == (a.difference.p, 2 * b.difference.p)
    assert len(report.verdicts) == 2


def test_a_baseline_that_has_not_run_yet_is_said(problems: Problems, runs: MakeRuns) -> None:
    report = assemble(runs("a", 1), problems, title="t", seed=0, baseline="later")
    assert report.rows[0].difference is None
    assert any("baseline later has no run here" in one for one in report.warnings)


def test_repeats_are_averaged_within_their_problem(problems: Problems, attempt: Make) -> None:
    made = [attempt(replicate=n, correct=n < 3) for n in range(4)]
    report = assemble([*made, attempt(problem=1, correct=False)], problems, title="t", seed=0)
    (row,) = report.rows
    assert row.accuracy is not None
    assert (row.n, row.accuracy.value) == (2, pytest.approx(0.375))
    cell = report.problems[0].cells[0]
    assert cell is not None
    assert (cell.correct, cell.graded) == (3, 4)


def test_bins_have_their_own_accuracy(problems: Problems, runs: MakeRuns) -> None:
    (row,) = assemble(runs("a", 5), problems, title="t", seed=0).rows
    assert [(one.bin, one.n, one.accuracy.value) for one in row.bins] == [
        (place, 2, 0.5) for place in range(1, 6)
    ]


def test_a_problem_that_was_not_run_has_an_empty_cell(problems: Problems, attempt: Make) -> None:
    report = assemble([attempt(problem=3)], problems, title="t", seed=0)
    assert [line.cells[0] is None for line in report.problems] == [n != 3 for n in range(10)]


def test_unequal_numbers_of_problems_are_said(
    problems: Problems, runs: MakeRuns, attempt: Make
) -> None:
    report = assemble([*runs("a", 5), attempt("b")], problems, title="t", seed=0)
    assert any("1 to 10 problems" in one for one in report.warnings)
