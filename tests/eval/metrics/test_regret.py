"""Accuracy over a budget, and what is lost to a comparator: on curves that are known."""

from __future__ import annotations

import pytest

from tts.eval.metrics import (
    BudgetPoint,
    Stopped,
    accuracy_if_stopped,
    cumulative_regret,
    mean_regret,
    oracle_gap,
    selection_regret,
)

PLANTED = tuple(BudgetPoint(*pair) for pair in ((0, 0.0), (100, 0.25), (200, 0.5), (400, 0.75)))


def test_the_regret_of_a_planted_curve_is_its_area() -> None:
    assert cumulative_regret(PLANTED) == pytest.approx(100 * 1.0 + 100 * 0.75 + 200 * 0.5)
    assert mean_regret(PLANTED) == pytest.approx(275 / 400)


def test_a_comparator_is_the_best_at_each_budget() -> None:
    best = tuple(BudgetPoint(one.budget, 0.75) for one in PLANTED)
    assert cumulative_regret(PLANTED, best) == pytest.approx(75 + 50 + 50)
    assert cumulative_regret(PLANTED, PLANTED) == 0


def test_a_comparator_at_other_budgets_is_refused() -> None:
    with pytest.raises(ValueError, match="other budgets"):
        cumulative_regret(PLANTED, [BudgetPoint(0, 1.0)])
    with pytest.raises(ValueError, match="two points"):
        cumulative_regret(PLANTED[:1])


def test_stopping_early_leaves_the_answer_that_stood() -> None:
    runs = {
        "sure": [Stopped([10, 20], [True, True])],
        "late": [Stopped([10, 20], [False, True]), Stopped([10, 30], [True, False])],
    }
    points = accuracy_if_stopped(runs, [5, 10, 25, 30])
    assert [one.accuracy for one in points] == [0.0, 0.75, 1.0, 0.75]


def test_an_oracle_picks_the_best_setting_of_each_problem() -> None:
    found = oracle_gap({"small": {"p": 1.0, "q": 0.0, "r": 1.0}, "large": {"p": 0.6, "q": 0.7}})
    assert (found.best, found.fixed, found.oracle) == ("large", pytest.approx(0.65), 0.85)
    assert found.regret == pytest.approx(0.2)
    with pytest.raises(ValueError, match="under every setting"):
        oracle_gap({"small": {"p": 1.0}, "large": {"q": 1.0}})


def test_a_selection_loses_what_coverage_had() -> None:
    assert selection_regret([0.5, 1.0], [1.0, 1.0]) == pytest.approx(0.25)
