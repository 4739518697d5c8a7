from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.attempts import Grade
from tts.eval.metrics import accuracy, difficulty_bins, problem_score

RIGHT, WRONG = Grade(True, "same"), Grade(False, "different")
UNDECIDED, FAILED = Grade(False, "undecided"), Grade(None, "failed")


def test_a_failed_run_is_not_a_wrong_answer() -> None:
    score = problem_score("p", [RIGHT, FAILED, FAILED])
    assert (score.mean, score.graded, score.ungraded) == (1.0, 1, 2)


def test_a_problem_without_a_grade_is_left_out_of_n() -> None:
    scores = [problem_score("p", [FAILED]), problem_score("q", [RIGHT, WRONG])]
    found = accuracy(scores)
    assert (found.value, found.n, found.runs, found.ungraded) == (0.5, 1, 2, 1)


def test_undecided_runs_are_wrong_and_counted() -> None:
    found = accuracy([problem_score("p", [UNDECIDED, RIGHT])])
    assert (found.value, found.undecided) == (0.5, 1)


def test_every_problem_counts_once_however_often_it_ran() -> None:
    scores = [problem_score("p", [RIGHT] * 9), problem_score("q", [WRONG])]
    assert accuracy(scores).value == 0.5


def test_no_graded_problem_means_no_accuracy() -> None:
    assert accuracy([]).value is None


rates = st.dictionaries(st.text(max_size=4), st.sampled_from([n / 8 for n in range(9)]), min_size=1)


@given(rates)
def test_a_problem_solved_more_often_is_in_no_harder_bin(rates: dict[str, float]) -> None:
    bins = difficulty_bins(rates)
    assert all(1 <= one <= 5 for one in bins.values())
    ordered = sorted(rates, key=lambda one: -rates[one])
    assert [bins[one] for one in ordered] == sorted(bins[one] for one in ordered)


def test_distinct_rates_fill_the_bins_evenly() -> None:
    bins = difficulty_bins({str(n): n / 10 for n in range(10)})
    assert sorted(bins.values()) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert bins["9"] == 1


def test_equal_rates_share_a_bin() -> None:
    assert len(set(difficulty_bins({str(n): 0.0 for n in range(9)}).values())) == 1


def test_at_least_one_bin_is_needed() -> None:
    with pytest.raises(ValueError, match="one bin"):
        difficulty_bins({"a": 1.0}, bins=0)
