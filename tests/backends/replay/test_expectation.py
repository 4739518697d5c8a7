from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.replay import best_of_k, maj_at_k, pass_at_k

VOTES = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.booleans()), min_size=1, max_size=8
)
SCORED = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=8)


def share(name: str, draws: tuple[tuple[str | None, bool], ...]) -> Fraction:
    verdicts = [correct for other, correct in draws if other == name]
    return Fraction(sum(verdicts), len(verdicts))


@given(VOTES, st.data())
def test_majority_equals_the_mean_over_all_subsets(
    votes: list[tuple[str | None, bool]], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(votes)))
    truth = {name: share(name, tuple(votes)) for name, _ in votes if name is not None}
    subsets = list(combinations(votes, k))
    total = Fraction(0)
    for subset in subsets:
        counts = Counter(name for name, _ in subset if name is not None)
        top = [name for name in counts if counts[name] == max(counts.values())]
        total += sum((truth[name] for name in top), Fraction(0)) / max(1, len(top))
    assert maj_at_k(votes, k) == total / len(subsets)


@given(SCORED, st.data())
def test_best_of_k_equals_the_mean_over_all_subsets(
    draws: list[tuple[float, bool]], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(draws)))
    subsets = list(combinations(draws, k))
    total = Fraction(0)
    for subset in subsets:
        tied = [correct for score, correct in subset if score == max(subset)[0]]
        total += Fraction(sum(tied), len(tied))
    assert best_of_k(draws, k) == total / len(subsets)


@given(st.lists(st.booleans(), min_size=1, max_size=9), st.data())
def test_pass_at_k_equals_the_mean_over_all_subsets(
    verdicts: list[bool], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(verdicts)))
    subsets = list(combinations(verdicts, k))
    expected = Fraction(sum(map(any, subsets)), len(subsets))
    assert pass_at_k(sum(verdicts), len(verdicts), k) == expected


@pytest.mark.parametrize("k", [0, 4])
def test_k_lies_within_the_draws(k: int) -> None:
    with pytest.raises(ValueError, match="3 draws"):
        pass_at_k(1, 3, k)


def test_more_votes_may_make_it_worse() -> None:
    votes = [("right", True)] * 4 + [("wrong", False)] * 5
    assert maj_at_k(votes, 9) == 0 < maj_at_k(votes, 1)


def test_fifty_draws_of_many_classes_are_quick() -> None:
    votes = [(str(place % 17), place % 17 == 0) for place in range(50)]
    assert 0 < maj_at_k(votes, 25) < 1
