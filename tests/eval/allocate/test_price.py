"""One budget for a set: the shadow price beside every other way to spend it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eval.allocate.conftest import by_tables, by_trying, rising, surging
from tts.errors import BadInput
from tts.eval.allocate import Curves, by_gain, by_price, evenly

SMALL = st.integers(0, 2**32 - 1)


@given(seed=SMALL, budget=st.integers(0, 14), curved=st.booleans())
def test_it_is_what_trying_every_combination_finds(seed: int, budget: int, curved: bool) -> None:
    random = np.random.default_rng(seed)
    curves = (rising if curved else surging)(random, 4, 5)
    found = by_price(curves, budget)
    assert found.spent <= budget
    assert found.value == pytest.approx(by_trying(curves, budget))


@settings(max_examples=60)
@given(seed=SMALL, share=st.floats(0.02, 0.98))
def test_on_s_shaped_curves_it_is_within_a_hundredth_of_dynamic_programming(
    seed: int, share: float
) -> None:
    random = np.random.default_rng(seed)
    curves = surging(random, int(random.integers(5, 60)), int(random.integers(3, 17)))
    budget = int(share * (curves.options - 1) * curves.problems)
    best, found = by_tables(curves, budget), by_price(curves, budget)
    assert found.value >= 0.99 * best - 1e-12
    assert found.bound is not None and found.bound >= best - 1e-9


@given(seed=SMALL, budget=st.floats(0, 40))
def test_costs_need_be_neither_whole_nor_alike(seed: int, budget: float) -> None:
    random = np.random.default_rng(seed)
    costs = np.sort(random.uniform(0, 10, (4, 4)), axis=1)
    costs[:, 0] = 0
    curves = Curves.of(costs, random.uniform(-1, 1, (4, 4)))
    found = by_price(curves, budget)
    assert found.spent <= budget + 1e-9
    assert found.value == pytest.approx(by_trying(curves, budget))


def test_a_surge_that_pays_is_bought_whole_and_a_hopeless_problem_is_given_up() -> None:
    draws = [0, 1, 2, 3, 4]
    curves = Curves.of(
        draws,
        [
            [0, 0.30, 0.35, 0.37, 0.38],
            [0, 0.00, 0.00, 0.00, 0.90],
            [0, 0.00, 0.00, 0.00, 0.01],
        ],
    )
    found = by_price(curves, 5)
    assert found.choice.tolist() == [1, 4, 0]
    assert found.value == pytest.approx(1.2)
    assert by_gain(curves, 5).choice.tolist() == [4, 0, 0]


@given(seed=SMALL, budget=st.integers(0, 30))
def test_where_gains_fall_the_next_units_gain_is_exact(seed: int, budget: int) -> None:
    curves = rising(np.random.default_rng(seed), 6, 6)
    found = by_gain(curves, budget)
    assert found.spent <= budget
    assert found.value == pytest.approx(by_tables(curves, budget))
    assert found.value == pytest.approx(by_price(curves, budget).value)


def test_of_damanis_marginals_the_greatest_are_bought_first() -> None:
    """Δ(x, b) = λ(1 − λ)^(b − 1) of a binary reward (Damani et al. 2025, section 3.2)."""
    chances = np.array([0.8, 0.5, 0.1, 0.0])
    draws = np.arange(9)
    curves = Curves.of(draws, 1 - (1 - chances[:, None]) ** draws)
    # .8, .5, .25, .16, .125, .1, .09, .081, .0729, .0656, …
    assert by_gain(curves, 6).choice.tolist() == [2, 3, 1, 0]
    assert by_gain(curves, 9).choice.tolist() == [2, 3, 4, 0]
    assert by_gain(curves, 9).price == pytest.approx(0.1 * 0.9**4)


def test_more_budget_never_gains_less_and_enough_of_it_has_no_price() -> None:
    curves = surging(np.random.default_rng(1), 30, 9)
    values = [by_price(curves, budget).value for budget in range(0, 241, 5)]
    assert all(more >= less - 1e-9 for less, more in pairwise(values))
    assert by_price(curves, 240).price == 0
    assert by_price(curves, 240).value == pytest.approx(curves.values.max(axis=1).sum())


def test_large_sets_are_as_close_to_their_bound_as_one_problem_allows() -> None:
    curves = surging(np.random.default_rng(2), 40_000, 17)
    found = by_price(curves, 100_000)
    assert found.bound is not None
    assert found.spent <= 100_000 and found.bound - found.value < 1e-4 * found.value
    assert found.value > 1.2 * by_gain(curves, 100_000).value


def test_the_same_for_all_is_the_dearest_option_that_all_can_have() -> None:
    curves = Curves.of([0, 1, 2, 4], [[0, 0.1, 0.2, 0.3], [0, 0.1, 0.2, -np.inf]])
    assert evenly(curves, 6).choice.tolist() == [3, 2]
    assert evenly(curves, 5).choice.tolist() == [2, 2]
    assert evenly(curves, 0).choice.tolist() == [0, 0]


def test_a_problem_that_may_not_be_given_up_keeps_its_first_option() -> None:
    curves = Curves.of([2, 3, 5], [[0.1, 0.2, 0.9], [0.0, 0.0, 0.0]])
    assert by_price(curves, 7).choice.tolist() == [2, 0]
    with pytest.raises(BadInput, match="3 does not pay for 2 problems, which take 4"):
        by_price(curves, 3)


@pytest.mark.parametrize(
    ("costs", "values", "told"),
    [
        ([0, 1], [0.1, 0.2], "a row of values for each problem"),
        ([0, 1, 2], [[0.1, 0.2]], "2 options need as many costs, not 3"),
        ([0, -1], [[0.1, 0.2]], "0 and more"),
        ([2, 1], [[0.1, 0.2]], "cheapest to the dearest"),
        ([0, 1], [[0.1, float("nan")]], "Values are numbers"),
    ],
)
def test_curves_that_are_none_are_told_in_a_sentence(
    costs: list[float], values: list[list[float]], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        Curves.of(costs, values)
