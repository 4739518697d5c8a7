"""Rankings against gold documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.metrics.ranking import (
    all_gold_at,
    ndcg_at,
    ndcg_of_scores,
    recall_at,
    reciprocal_rank,
)


def test_figures_of_a_ranking() -> None:
    ranking, gold = ["x", "a", "y", "b"], ["a", "b"]
    assert recall_at(ranking, gold, 2) == 0.5 and reciprocal_rank(ranking, gold) == 0.5
    assert not all_gold_at(ranking, gold, 3) and all_gold_at(ranking, gold, 4)
    assert ndcg_at(ranking, gold, 4) == pytest.approx((0.63093 + 0.43068) / 1.63093, abs=1e-4)


@given(st.permutations("abcdef"), st.sets(st.sampled_from("abcdef"), min_size=1), st.integers(1, 6))
def test_figures_lie_between_nothing_and_all(ranking: list[str], gold: set[str], k: int) -> None:
    perfect = sorted(ranking, key=lambda id: id not in gold)
    assert 0 <= ndcg_at(ranking, gold, k) <= ndcg_at(perfect, gold, k) == pytest.approx(1)
    assert all_gold_at(ranking, gold, k) == (recall_at(ranking, gold, k) == 1)
    assert reciprocal_rank(perfect, gold) == 1


def test_without_gold_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="at least one gold"):
        recall_at(["a"], [], 1)


def test_equal_scores_share_what_their_tie_gains() -> None:
    assert ndcg_of_scores([0.2, 0.9, 0.9], [0, 1, 0]) == pytest.approx((1 + 0.63093) / 2, abs=1e-4)
    assert ndcg_of_scores([3, 2, 1], [1, 0, 0]) == 1


def test_a_candidate_without_a_score_stands_behind_all_others() -> None:
    assert ndcg_of_scores([None, 0.0], [1, 0]) == pytest.approx(0.63093, abs=1e-4)


def test_where_nothing_gains_there_is_no_rank() -> None:
    assert ndcg_of_scores([1, 2], [0, 0]) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
def test_any_order_of_the_draws_has_the_same_expected_rank(drawn: list[tuple[int, bool]]) -> None:
    def ranked(of: list[tuple[int, bool]]) -> float | None:
        return ndcg_of_scores([score for score, _ in of], [float(right) for _, right in of])

    assert ranked(drawn) == pytest.approx(ranked(drawn[::-1]))
