from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http.completions import apportion


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_sum_to_the_total_and_stay_near_their_proportion(
    total: int, weights: list[int]
) -> None:
    shares = apportion(total, weights)
    whole = sum(weights) or len(weights)
    used = weights if any(weights) else [1] * len(weights)
    assert sum(shares) == total
    assert all(abs(s - total * w / whole) <= 1 for s, w in zip(shares, used, strict=True))


def test_nobody_gets_nothing() -> None:
    assert apportion(5, []) == []
