from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.parts.expand import normalised
from tts.strategies.search.particles import conditional_offset, ess, systematic_resample

weights = st.lists(st.floats(0.001, 1), min_size=1, max_size=30).map(
    lambda raw: [value / sum(raw) for value in raw]
)


def test_worked_numbers_of_the_effective_sample_size() -> None:
    assert ess([0.25] * 4) == pytest.approx(4)
    assert ess([1.0, 0.0, 0.0]) == pytest.approx(1)
    assert ess([0.5, 0.25, 0.25]) == pytest.approx(1 / 0.375)


def test_worked_numbers_of_systematic_resampling() -> None:
    # positions .125 .375 .625 .875 over edges .5 .75 1
    assert systematic_resample([0.5, 0.25, 0.25], 4, offset=0.5) == [0, 0, 1, 2]
    assert systematic_resample([0.1, 0.8, 0.1], 4, offset=0.2) == [0, 1, 1, 1]


@given(weights, st.integers(1, 64), st.floats(0, 0.999))
def test_everyone_gets_the_exact_share_up_to_one(
    shares: list[float], n: int, offset: float
) -> None:
    counts = Counter(systematic_resample(shares, n, offset=offset))
    assert sum(counts.values()) == n
    assert all(abs(counts[i] - n * share) < 1 + 1e-9 for i, share in enumerate(shares))


@given(weights, st.integers(0, 2**32))
def test_conditional_resampling_always_keeps_the_first(shares: list[float], seed: int) -> None:
    n = len(shares) + 1
    offset = conditional_offset(n * shares[0], np.random.default_rng(seed))
    assert systematic_resample(shares, n, offset=offset)[0] == 0


def test_the_conditional_offset_is_the_uniform_one_given_that_the_first_was_chosen() -> None:
    # share 0.375 of 4: 1.5 copies; an offset below .5 brings two of them, above it one
    rng = np.random.default_rng(7)
    below = sum(conditional_offset(1.5, rng) < 0.5 for _ in range(4000)) / 4000
    assert below == pytest.approx(2 / 3, abs=0.03)


def test_the_softmax_of_log_odds_is_proportional_to_the_odds() -> None:
    from tts.strategies.search.particles import log_odds

    assert normalised([log_odds(0.9), log_odds(0.5)]) == pytest.approx([0.9, 0.1])
    assert log_odds(1.0) == pytest.approx(-log_odds(0.0), rel=1e-6)
