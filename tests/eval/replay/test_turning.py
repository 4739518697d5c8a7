"""N from the selector's own curve: where it is highest, and whether more draws are worse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tts.eval.replay.expectation import highest
from tts.eval.replay.turning import sizes_tried, turning


def selected(verifier: str, *, problems: int = 300, seed: int = 0) -> tuple[Any, Any]:
    """The curve of best-of-k, a row per problem, and its sizes. `fooled`: one wrong draw in twelve
    has a higher score than any right one, as where a reward model is hacked."""
    dice = np.random.default_rng(seed)
    right = dice.random((problems, 64)) < dice.uniform(0.2, 0.8, (problems, 1))
    scores = dice.normal(size=right.shape) + 1.5 * right
    if verifier == "fooled":
        scores += 9.0 * (~right & (dice.random(right.shape) < 1 / 12))
    if verifier == "blind":
        scores = dice.normal(size=right.shape)
    sizes = sizes_tried(64)
    return highest(scores, right.astype(np.float64), sizes), sizes


def test_a_verifier_that_is_fooled_stops_early_and_more_draws_are_decidedly_worse() -> None:
    table, sizes = selected("fooled")
    found = turning(table, sizes)
    assert 1 < found.n < 16 and found.low <= found.n <= found.high < 64
    assert found.turns and found.gain.value > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_a_good_verifier_never_turns(seed: int) -> None:
    table, sizes = selected("good", seed=seed)
    found = turning(table, sizes, seed=seed)
    assert not found.turns and found.high == 64


def test_noise_is_seldom_taken_for_a_turn() -> None:
    """A blind selector's curve is flat: its highest point means nothing."""
    runs = [selected("blind", problems=60, seed=seed) for seed in range(40)]
    assert sum(turning(table, sizes).turns for table, sizes in runs) <= 4


def test_where_draws_change_nothing_one_is_enough() -> None:
    found = turning(np.ones((12, 4)), (1, 2, 3, 4))
    assert (found.n, found.low, found.high, found.turns) == (1, 1, 1, False)


@given(arrays(np.float64, st.tuples(st.integers(1, 30), st.just(5)), elements=st.floats(0, 1)))
def test_the_peak_is_a_size_that_was_tried_within_its_interval(table: Any) -> None:
    sizes = (1, 2, 4, 8, 16)
    found = turning(table, sizes)
    assert found.n in sizes and found.low <= found.n <= found.high <= found.most == 16
    assert found.gain.low <= found.gain.value <= found.gain.high


@given(st.integers(1, 5000))
def test_sizes_ascend_from_one_to_the_most(most: int) -> None:
    sizes = sizes_tried(most)
    assert (sizes[0], sizes[-1]) == (1, most) and list(sizes) == sorted(set(sizes))
