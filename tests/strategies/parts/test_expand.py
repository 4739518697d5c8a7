from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.parts.expand import largest_remainder


def test_worked_numbers_the_rest_goes_to_the_largest_fraction() -> None:
    # 10 seats for 47, 16, 15, 12, 10 votes of 100: whole parts 4 1 1 1 1, the rest to .7 and .6
    assert largest_remainder([47, 16, 15, 12, 10], 10) == [5, 2, 1, 1, 1]


def test_equal_fractions_go_to_the_first() -> None:
    assert largest_remainder([1, 1, 1], 8) == [3, 3, 2]


def test_weights_of_nothing_count_as_equal() -> None:
    assert largest_remainder([0.0, 0.0], 3) == [2, 1]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(0, 1000))
def test_shares_sum_to_the_total_and_stay_within_one(weights: list[float], total: int) -> None:
    given_out = largest_remainder(weights, total)
    whole = sum(weights) or len(weights)
    exact = [total * (w if sum(weights) else 1) / whole for w in weights]
    assert sum(given_out) == total
    assert all(abs(g - e) < 1 + 1e-6 for g, e in zip(given_out, exact, strict=True))
