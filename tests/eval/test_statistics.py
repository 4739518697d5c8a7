from __future__ import annotations

from math import comb, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.statistics import (
    FEWEST,
    bootstrap_mean,
    detectable_difference,
    holm,
    mcnemar,
    paired_difference,
    problems_needed,
    verdict,
    wilson,
)


def outcomes(pattern: str) -> dict[str, float]:
    return {str(place): float(mark == "1") for place, mark in enumerate(pattern)}


def test_the_interval_of_a_textbook_case() -> None:
    found = wilson(8, 10)
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


@given(st.integers(1, 2000), st.floats(0, 1))
def test_an_interval_holds_its_value_within_zero_and_one(n: int, share: float) -> None:
    found = wilson(share * n, n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_an_impossible_proportion_is_refused() -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(3, 2)


def test_the_bootstrap_agrees_with_the_normal_interval_where_that_holds() -> None:
    values = [float(n % 4 == 0) for n in range(800)]
    found = bootstrap_mean(values, seed=1)
    half = 1.96 * sqrt(0.25 * 0.75 / 800)
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.25, 0.25 - half, 0.25 + half), abs=0.003
    )


def test_equal_seeds_give_equal_intervals() -> None:
    values = [place / 50 for place in range(51)]
    assert bootstrap_mean(values, seed=4) == bootstrap_mean(values, seed=4)
    assert bootstrap_mean(values, seed=4) != bootstrap_mean(values, seed=5)


@pytest.mark.parametrize(("first", "second", "p"), [(1, 9, 22 / 1024), (0, 0, 1.0), (5, 5, 1.0)])
def test_mcnemar_is_the_exact_binomial_tail(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == mcnemar(second, first) == pytest.approx(p)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=8))
def test_a_corrected_p_is_never_smaller(values: list[float]) -> None:
    pairs = list(zip(values, holm(values), strict=True))
    assert all(raw <= corrected <= 1 for raw, corrected in pairs)
    assert [b for _, b in sorted(pairs)] == sorted(b for _, b in pairs)


def test_only_problems_graded_for_both_are_compared() -> None:
    found = paired_difference({"a": 1.0, "b": 1.0}, {"b": 0.0, "c": 1.0}, seed=0)
    assert found is not None
    assert (found.n, found.wins, found.estimate.value) == (1, 1, 1.0)


def test_nothing_in_common_is_no_comparison() -> None:
    assert paired_difference({"a": 1.0}, {"b": 1.0}, seed=0) is None


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_sums_the_ways_of_every_more_uneven_split(first: int, second: int) -> None:
    n = first + second
    tail = sum(comb(n, hits) for hits in range(min(first, second) + 1))
    assert mcnemar(first, second) == min(1.0, 2 * tail / 2**n)


def test_whole_answers_are_tested_by_mcnemar_and_shares_by_bootstrap() -> None:
    whole = paired_difference(outcomes("1111110000"), outcomes("0000000000"), seed=0)
    parts = paired_difference({"a": 0.5, "b": 1.0}, {"a": 0.25, "b": 1.0}, seed=0)
    assert whole is not None and parts is not None
    assert (whole.test, whole.p) == ("mcnemar", pytest.approx(2 / 64))
    assert parts.test == "bootstrap"
    assert 0 < parts.p <= 1


def test_swapping_the_two_mirrors_the_difference() -> None:
    left, right = outcomes("110101"), outcomes("010011")
    there = paired_difference(left, right, seed=3)
    back = paired_difference(right, left, seed=3)
    assert there is not None and back is not None
    assert there.estimate.value == -back.estimate.value
    assert there.p == back.p


def test_as_many_problems_as_needed_can_show_the_difference() -> None:
    needed = problems_needed(0.05, 0.4)
    assert detectable_difference(needed, 0.4) <= 0.05 < detectable_difference(needed - 1, 0.4)
    assert needed == 503


def test_a_small_sample_says_how_many_problems_it_would_take() -> None:
    found = paired_difference(outcomes("1101101110"), outcomes("1101100110"), seed=0)
    assert found is not None
    assert "not decided" in verdict(found)
    assert "needs about 7" in verdict(found)


def test_a_large_difference_is_called_decided() -> None:
    found = paired_difference(outcomes("1" * 30), outcomes("0" * 30), seed=0)
    assert found is not None
    assert "+100.0 points over 30 problems is decided" in verdict(found)
    assert "not decided" in verdict(found, p=0.5)


def test_equal_outcomes_decide_nothing() -> None:
    found = paired_difference(outcomes("101010"), outcomes("101010"), seed=0)
    assert found is not None
    assert found.p == 1.0
    assert "cannot tell the two apart" in verdict(found)


@pytest.mark.parametrize("n", range(1, FEWEST))
def test_below_the_fewest_no_sweep_is_decided_and_that_is_what_is_said(n: int) -> None:
    sweep = paired_difference(outcomes("1" * n), outcomes("0" * n), seed=0)
    assert sweep is not None and sweep.p > 0.05
    assert verdict(sweep).startswith("too few to say")


def test_from_the_fewest_on_a_clean_sweep_is_decided() -> None:
    sweep = paired_difference(outcomes("1" * FEWEST), outcomes("0" * FEWEST), seed=0)
    assert sweep is not None
    assert "is decided" in verdict(sweep)


@given(st.integers(1, 400), st.sampled_from([(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.7, 0.4)]))
def test_equal_differences_are_never_taken_for_certainty(
    n: int, shares: tuple[float, float]
) -> None:
    first, second = ({str(i): share for i in range(n)} for share in shares)
    found = paired_difference(first, second, seed=0)
    assert found is not None
    estimate = found.estimate
    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.low < estimate.high
    assert found.deviation == 0.0


def test_what_all_differ_in_by_the_same_promises_no_number_of_problems() -> None:
    sweep = paired_difference(outcomes("1" * 6), outcomes("0" * 6), seed=0)
    assert sweep is not None
    said = verdict(sweep, p=0.3)
    assert "not decided" in said and "can show" not in said
