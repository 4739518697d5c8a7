from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.search.rebase import softmax_widths

scores = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_worked_numbers_best_first_each_rounded_up() -> None:
    # exp(4.5), exp(2.5), exp(0.5) = 90.02, 12.18, 1.65: 8 · .867 -> 7, then 1 · .881 -> 1, then 0
    assert softmax_widths([0.9, 0.5, 0.1], 8, temperature=0.2) == [7, 1, 0]


def test_the_order_of_the_leaves_does_not_matter() -> None:
    assert softmax_widths([0.1, 0.9, 0.5], 8, temperature=0.2) == [0, 7, 1]


def test_equal_scores_share_equally_without_rounding_noise() -> None:
    assert softmax_widths([0.3] * 6, 42, temperature=0.2) == [7] * 6


def test_more_equal_leaves_than_width_give_one_child_each_to_the_first() -> None:
    assert softmax_widths([0.5] * 5, 3, temperature=0.2) == [1, 1, 1, 0, 0]


@given(scores, st.integers(0, 256), st.floats(0.01, 10))
def test_widths_sum_to_the_width(values: list[float], width: int, temperature: float) -> None:
    widths = softmax_widths(values, width, temperature=temperature)
    assert sum(widths) == width
    assert min(widths) >= 0


@given(scores, st.integers(0, 256))
def test_a_better_leaf_never_has_fewer_children(values: list[float], width: int) -> None:
    widths = softmax_widths(values, width, temperature=0.2)
    ranked = [widths[i] for i in sorted(range(len(values)), key=lambda i: -values[i])]
    assert all(left + 1 >= right for left, right in pairwise(ranked))
