"""The exchange rate between a larger model and more inference."""

from __future__ import annotations

import pytest

from tests.eval.replay.conftest import draws, pool
from tts.errors import BadInput
from tts.eval.allocate.exchange import RATIOS, matched, multiplier


def test_snells_multipliers_for_a_model_fourteen_times_as_large() -> None:
    assert [round(multiplier(14, ratio), 1) for ratio in RATIOS] == [257.8, 63.4, 15.8]


def test_without_pre_training_flops_are_exchanged_as_the_sizes_are() -> None:
    assert multiplier(14, float("inf")) == 14
    assert multiplier(1, 0.16) == 1


@pytest.mark.parametrize(("times", "ratio", "told"), [(0.5, 1, "as large"), (14, 0, "above 0")])
def test_what_cannot_be_exchanged_is_told(times: float, ratio: float, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        multiplier(times, ratio)


def test_a_small_model_votes_with_as_many_draws_as_the_flops_of_the_larger_one_pay_for() -> None:
    """Three equal draws of five vote right, one alone is right three times of five."""
    voters = draws([0, 0, 0, 1, 2], [True, True, True, False, False], problem_id="a")
    large = draws([0, 0], [True, False], problem_id="a")
    found = matched(pool(voters), pool(large), 2, ratios=(float("inf"), 1.0, 0.01))
    assert [one.k for one in found] == [2, 5, 5]
    assert [one.paid for one in found] == [2, 5, 302]
    assert [one.small.value for one in found] == pytest.approx([0.6, 1.0, 1.0])
    assert [one.large.value for one in found] == [0.5, 0.5, 0.5]
    assert found[1].difference.value == pytest.approx(0.5)


def test_a_small_model_that_cannot_pay_for_a_draw_is_wrong() -> None:
    dear = draws([0], [True], problem_id="a", tokens=[1_000])
    cheap = draws([0], [False], problem_id="a")
    [found] = matched(pool(dear), pool(cheap), 2, ratios=(float("inf"),))
    assert found.k == 0 and found.small.value == 0


def test_pools_of_different_problems_are_told() -> None:
    with pytest.raises(BadInput, match="no problem in common"):
        matched(pool(draws([0], [True], problem_id="a")), pool(draws([0], [True])), 2)
