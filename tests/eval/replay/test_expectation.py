"""Expectations over subsets: against every subset, and against exact fractions."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.eval.replay.conftest import draws
from tts.backends.replay import best_of_k, maj_at_k, pass_at_k
from tts.eval.replay import expectation
from tts.eval.replay.expectation import (
    highest,
    majority,
    passed,
    scoring,
    sizes_up_to,
    standing,
)

Drawn = list[tuple[int, bool, float]]
DRAWS = st.lists(
    st.tuples(st.integers(-1, 4), st.booleans(), st.sampled_from([0.1, 0.5, 0.9])),
    min_size=1,
    max_size=14,
)


@given(DRAWS)
def test_a_vote_is_that_of_the_exact_fractions(told: Drawn) -> None:
    classes, correct, _ = zip(*told, strict=True)
    ks = tuple(range(1, len(told) + 1))
    found = majority(draws(classes, correct), ks)
    votes = [(None if name < 0 else name, right) for name, right, _ in told]
    exact = [float(maj_at_k([(n, r and n is not None) for n, r in votes], k)) for k in ks]
    assert found == pytest.approx(exact, abs=1e-12)


@given(DRAWS)
def test_coverage_and_the_highest_score_are_those_of_the_exact_fractions(told: Drawn) -> None:
    n, ks = len(told), tuple(range(1, len(told) + 1))
    correct = [right for _, right, _ in told]
    drawn = draws([0] * n, correct, [score for *_, score in told])
    right = np.array([correct])
    exact = [float(pass_at_k(sum(correct), n, k)) for k in ks]
    assert passed(right, ks)[0] == pytest.approx(exact, abs=1e-12)
    scored = [(score, right) for _, right, score in told]
    best = highest(standing([drawn]), right.astype(float), ks)[0]
    assert best == pytest.approx([float(best_of_k(scored, k)) for k in ks], abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
def test_coverage_and_votes_are_the_mean_over_every_subset(k: int) -> None:
    classes, correct = [0, 0, 1, 1, 2, -1], [True, True, False, False, False, False]
    subsets = list(combinations(range(6), k))
    covered = fmean(any(correct[at] for at in one) for one in subsets)
    assert passed(np.array([correct]), (k,))[0] == pytest.approx([covered])

    def voted(places: tuple[int, ...]) -> float:
        votes = Counter(classes[at] for at in places if classes[at] >= 0)
        most = [name for name in votes if votes[name] == max(votes.values())]
        return most.count(0) / len(most) if most else 0.0

    expected = fmean(map(voted, subsets))
    assert majority(draws(classes, correct), (k,)) == pytest.approx([expected])


def test_the_expected_maximum_is_the_mean_over_every_subset() -> None:
    seconds = np.array([[3.0, 1.0, 2.0, 2.0]])
    expected = fmean(max(seconds[0, list(one)]) for one in combinations(range(4), 2))
    assert highest(seconds, seconds, (2,))[0] == pytest.approx([expected])


def test_equal_texts_are_scored_once_among_k() -> None:
    costs, texts = [7, 7, 5, 2], [1, 1, 2, 3]
    drawn = replace(draws([0] * 4, [True] * 4), texts=np.array(texts), score_tokens=np.array(costs))
    prices = dict(zip(texts, costs, strict=True))
    subsets = [{texts[at] for at in one} for one in combinations(range(4), 2)]
    expected = fmean(sum(prices[text] for text in held) for held in subsets)
    assert scoring(drawn, (2, 4)) == pytest.approx([expected, 14])
    assert drawn.scoring.tolist() == [7, 0, 5, 2]


def test_votes_of_very_many_draws_are_those_of_random_subsets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = Random(0)
    classes = [random.choice([0, 0, 1, 1, 2, 3]) for _ in range(90)]
    drawn = draws(classes, [name == 0 for name in classes])
    exact = majority(drawn, (4, 16))
    monkeypatch.setattr(expectation, "MOST_EXACT", 80)
    assert majority(drawn, (4, 16)) == pytest.approx(exact, abs=0.08)


def test_a_thousand_draws_are_summed_without_loss() -> None:
    drawn = draws([0] * 500 + [1] * 500, [True] * 500 + [False] * 500)
    assert majority(drawn, (1, 2, 512, 1000)) == pytest.approx([0.5] * 4, abs=1e-9)


def test_the_points_of_a_curve_are_powers_of_two_and_the_most_draws() -> None:
    assert sizes_up_to(12) == (1, 2, 4, 8, 12)
    assert sizes_up_to(12, [9, 3, 99]) == (3, 9)
