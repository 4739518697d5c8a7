"""Scores against the truth: ranks, probabilities, and whether there is anything to select."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.metrics import (
    auc,
    calibration,
    headroom,
    overconfidence,
    pass_at_n_weight,
    rank_within,
)

SCORES = st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.9]), st.booleans()), max_size=20)


@given(SCORES)
def test_auc_is_the_share_of_pairs_in_order(scored: list[tuple[float, bool]]) -> None:
    pairs = list(product([s for s, t in scored if t], [s for s, t in scored if not t]))
    won = sum((right > wrong) + (right == wrong) / 2 for right, wrong in pairs)
    assert auc(scored) == (pytest.approx(won / len(pairs)) if pairs else None)


def test_a_verifier_that_only_knows_the_problem_ranks_nothing_within_it() -> None:
    easy = [(0.9, True), (0.9, True), (0.9, False)]
    hard = [(0.1, False), (0.1, False), (0.1, True)]
    assert (auc(easy + hard) or 0) > 0.6
    assert rank_within([easy, hard, [(0.5, True)]]) == 0.5


def test_probabilities_that_hold_are_calibrated() -> None:
    scored = [(0.25, place < 1) for place in range(4)] + [(0.75, place < 3) for place in range(4)]
    found = calibration(scored, bins=2)
    assert found.ece == 0 and found.brier == pytest.approx(0.1875)
    assert [(one.score, one.accuracy, one.count) for one in found.bins] == [
        *((0.25, 0.25, 4), (0.75, 0.75, 4)),
    ]


def test_scores_that_are_too_high_are_not() -> None:
    shares = [place / 50 for place in range(50)]
    assert calibration([(one, one) for one in shares]).ece == pytest.approx(0), "shares, too"
    found = calibration([(0.9, place < 5) for place in range(10)])
    assert found.ece == pytest.approx(0.4)


def test_equal_draws_leave_nothing_to_select() -> None:
    found = headroom([[1, 1], [0, 0]])
    assert (found.heterogeneity, found.mixed, found.between) == (0, 0, 0.5)
    assert set(found.anti_concentration.values()) == {0.0}


def test_rare_success_lies_far_above_the_mean() -> None:
    found = headroom([[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]], above=(0.0, 2.0, 4.0))
    assert found.anti_concentration == {0.0: 0.1, 2.0: 0.1, 4.0: 0.0}
    assert found.heterogeneity == pytest.approx((0.1 * 0.9 * 10 / 9) ** 0.5)


def test_one_draw_per_problem_shows_no_spread() -> None:
    with pytest.raises(ValueError, match="two draws per problem"):
        headroom([[1], [0]])


@pytest.mark.parametrize(("p", "n"), [(0.2, 1), (0.2, 4), (0.7, 16), (1e-9, 8)])
def test_the_weight_of_a_problem_is_the_ratio_of_the_slopes(p: float, n: int) -> None:
    slope = n * (1 - p) ** (n - 1) / (1 - (1 - p) ** n)
    assert pass_at_n_weight(p, n) == pytest.approx(slope / (1 / p), rel=1e-6)


def test_a_solved_problem_weighs_nothing_and_an_unsolved_one_everything() -> None:
    assert (pass_at_n_weight(1.0, 8), pass_at_n_weight(0.0, 8)) == (0.0, 1.0)


def test_sureness_about_wrong_answers_bounds_coverage() -> None:
    found = overconfidence([([9, 1], [0, 1]), ([10], [10])], n=4)
    assert (found.confidence, found.accuracy) == (0.95, 0.5)
    assert found.ceiling == pytest.approx(((1 - 0.9**4) + 1) / 2)
    assert found.gap == pytest.approx(0.45)
