"""Budgets that are spent while answers come: elimination, and problems one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.eval.allocate.conftest import rising, surging
from tts.errors import BadInput
from tts.eval.allocate import Stream, by_price, elimination, evenly

ONE = np.ones((3, 4))


def test_who_is_done_is_drawn_no_more_and_the_others_share_what_is_left() -> None:
    rewards = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=float)
    found = elimination(rewards, ONE, 7)
    assert found.draws.tolist() == [1, 3, 3]
    assert found.best.tolist() == [1, 1, 0]
    assert elimination(rewards, ONE, 7, give_up=2).draws.tolist() == [1, 2, 2]
    assert elimination(rewards, ONE, 4).draws.tolist() == [1, 2, 1]


def test_a_graded_reward_is_done_at_the_bar() -> None:
    rewards = np.array([[0.2, 0.7, 0.9, 0.9], [0.1, 0.1, 0.1, 0.1], [0.6, 0.9, 0.9, 0.9]])
    found = elimination(rewards, ONE, 100, bar=0.6)
    assert found.draws.tolist() == [2, 4, 1]
    assert found.best.tolist() == [0.7, 0.1, 0.6]


def test_by_upper_bound_the_promising_go_before_the_hopeless() -> None:
    rewards = np.array([[0.0] * 40, [0.5] * 39 + [1.0], [0.0] * 40])
    found = elimination(rewards, np.ones((3, 40)), 60, confidence=0.02)
    assert found.draws[1] == 40
    assert found.best.tolist() == [0, 1, 0]


@given(seed=st.integers(0, 2**32 - 1), budget=st.floats(0, 200), bound=st.booleans())
def test_no_draw_passes_the_budget(seed: int, budget: float, bound: bool) -> None:
    random = np.random.default_rng(seed)
    rewards, costs = random.random((6, 8)).round(), random.uniform(1, 9, (6, 8))
    found = elimination(rewards, costs, budget, confidence=1.0 if bound else None)
    assert found.spent <= budget
    done = (rewards[:, :1] == 1).ravel()
    assert (found.draws[done] <= 1).all()


def test_tables_of_different_shape_are_told() -> None:
    with pytest.raises(BadInput, match="equal shape"):
        elimination(np.ones((2, 3)), np.ones((2, 2)), 3)


def test_a_stream_comes_close_to_the_whole_set_and_never_passes_its_budget() -> None:
    random = np.random.default_rng(3)
    known, coming = surging(random, 500, 9), surging(random, 2_000, 9)
    budget = 5_000.0
    stream = Stream(known, budget, coming.problems)
    choice = np.array([stream.spend(coming.costs, values) for values in coming.values])
    found = coming.taken(choice)
    best = by_price(coming, budget)
    assert found.spent <= budget and found.spent + stream.left == pytest.approx(budget)
    assert found.value >= 0.98 * best.value
    assert found.value >= 1.3 * evenly(coming, budget).value


def test_a_stream_of_other_problems_than_those_it_knows_keeps_its_budget() -> None:
    random = np.random.default_rng(4)
    known, coming = rising(random, 200, 9), surging(random, 300, 9)
    stream = Stream(known, 600, 300)
    spent = [coming.costs[stream.spend(coming.costs, values)] for values in coming.values]
    assert 0 < sum(spent) <= 600


def test_a_stream_ends_with_its_problems_and_with_its_budget() -> None:
    stream = Stream(rising(np.random.default_rng(5), 10, 4), 3, 1)
    stream.spend([0, 1], [0, 0.5])
    with pytest.raises(BadInput, match="all the problems"):
        stream.spend([0, 1], [0, 0.5])
    with pytest.raises(BadInput, match="takes 4 at the least"):
        Stream(rising(np.random.default_rng(5), 10, 4), 3, 1).spend([4, 5], [0, 0.5])
