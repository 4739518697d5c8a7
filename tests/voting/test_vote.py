from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tts.voting import Grouping, vote

BALLOTS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(0, 1)), max_size=12)


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
