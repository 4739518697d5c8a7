from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tts.answers import Aggregate, Grouping, aggregate, select_best, vote
from tts.values import Candidate, Score, Scored

BALLOTS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(0, 1)), max_size=12)
STEPS = st.lists(st.floats(0, 1), min_size=1, max_size=20)


async def test_the_heaviest_class_wins_though_it_is_smaller(spelling: Grouping) -> None:
    found = await vote(["a", "a", "b"], [0.2, 0.3, 0.9], spelling)
    assert found.answer == "b"
    assert found.margin == pytest.approx(0.4)
    assert [item.members for item in found.classes] == [(0, 1), (2,)]


async def test_a_tie_goes_to_the_class_that_appeared_first(spelling: Grouping) -> None:
    found = await vote(["b", "a", "a", "b"], [1.0] * 4, spelling)
    assert found.answer == "b"
    assert found.margin == 0


async def test_the_representative_is_the_heaviest_member(spelling: Grouping) -> None:
    found = await vote(["a", "a", "a"], [0.2, 0.9, 0.9], spelling)
    assert found.winner is not None
    assert found.winner.representative == 1


async def test_nobody_voting_gives_no_answer_rather_than_a_wrong_one(spelling: Grouping) -> None:
    found = await vote([None, None], [1.0, 1.0], spelling)
    assert (found.answer, found.margin, found.share, found.voters) == (None, None, None, 0)


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
async def test_a_weight_that_would_turn_the_vote_round_is_refused(
    spelling: Grouping, weight: float
) -> None:
    with pytest.raises(ValueError, match="not negative"):
        await vote(["a"], [weight], spelling)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BALLOTS)
async def test_every_vote_counts_once(spelling: Any, cast: list[tuple[str | None, float]]) -> None:
    found = await vote([answer for answer, _ in cast], [weight for _, weight in cast], spelling)
    assert found.voters == sum(answer is not None for answer, _ in cast)
    assert found.weight == pytest.approx(sum(weight for answer, weight in cast if answer))


def scored(candidate: Candidate, value: float, *steps: float) -> Scored:
    return Scored(candidate, Score(value=value, steps=steps))


def test_of_equal_scores_the_earliest_wins(drawn: Callable[..., Candidate]) -> None:
    items = [
        scored(drawn("1", "a"), 0.5),
        scored(drawn("2", "b"), 0.9),
        scored(drawn("3", "c"), 0.9),
    ]
    assert select_best(items) is items[1]


def test_a_cut_text_does_not_win_however_high_its_score(drawn: Callable[..., Candidate]) -> None:
    cut = scored(drawn("1", "a", final=False, finish_reason="length"), 1.0)
    whole = scored(drawn("2", "b"), 0.1)
    assert select_best([cut, whole, None]) is whole


def test_step_scores_are_aggregated_as_asked(drawn: Callable[..., Candidate]) -> None:
    weak = scored(drawn("1", "a"), 0.9, 0.1, 0.9)
    even = scored(drawn("2", "b"), 0.6, 0.6, 0.6)
    assert select_best([weak, even]) is weak
    assert select_best([weak, even], how="min") is even


def test_of_nothing_nothing_is_best() -> None:
    assert select_best([None]) is None


@pytest.mark.parametrize(("how", "value"), [("last", 0.8), ("min", 0.5), ("prod", 0.4)])
def test_each_way_gives_its_number(how: Aggregate, value: float) -> None:
    assert aggregate([1.0, 0.5, 0.8], how) == pytest.approx(value)


@given(STEPS)
def test_every_aggregate_stays_between_zero_and_one(steps: list[float]) -> None:
    ways: tuple[Aggregate, ...] = ("last", "min", "prod", "mean")
    assert all(0 <= aggregate(steps, how) <= 1 for how in ways)


@given(STEPS)
def test_the_product_is_at_most_the_minimum(steps: list[float]) -> None:
    assert aggregate(steps, "prod") <= aggregate(steps, "min") <= aggregate(steps, "last")


def test_a_solution_without_steps_has_no_aggregate() -> None:
    with pytest.raises(ValueError, match="without step scores"):
        aggregate([], "min")
