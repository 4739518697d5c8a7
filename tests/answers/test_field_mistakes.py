"""What published code gets wrong when it votes."""

from __future__ import annotations

from collections.abc import Callable

from tts.answers import Grouping, majority_vote, weighted_vote
from tts.equivalence import Equivalence
from tts.values import Candidate, Score, Scored

Drawn = Callable[..., Candidate]


async def test_a_vote_is_not_on_raw_strings(drawn: Drawn) -> None:
    answers = ["7", "7", "1/2", "\\frac{1}{2}", "0.5"]
    candidates = [drawn(answer, str(place)) for place, answer in enumerate(answers)]
    async with Equivalence() as equivalence:
        found = await majority_vote(candidates, equivalence)
    assert found.answer == "1/2"
    assert [item.count for item in found.classes] == [2, 3]


async def test_a_truncated_text_does_not_vote(drawn: Drawn, spelling: Grouping) -> None:
    cut = [drawn("9", f"c{n}", final=False, finish_reason="length") for n in range(3)]
    found = await majority_vote([*cut, drawn("5", "a")], spelling)
    assert (found.answer, found.voters) == ("5", 1)


async def test_padded_duplicates_of_one_draw_do_not_vote(drawn: Drawn, spelling: Grouping) -> None:
    beam = [drawn("9", "a")] * 4 + [drawn("5", "b"), drawn("5", "c")]
    scored = [Scored(candidate, Score(value=0.9)) for candidate in beam]
    assert (await majority_vote(beam, spelling)).answer == "5"
    assert (await weighted_vote(scored, spelling)).answer == "5"


async def test_equal_texts_of_different_draws_vote_each(drawn: Drawn, spelling: Grouping) -> None:
    found = await majority_vote([drawn("9", "a"), drawn("9", "b"), drawn("5", "c")], spelling)
    assert (found.answer, found.voters) == ("9", 3)


async def test_an_errored_call_is_not_a_wrong_answer(drawn: Drawn, spelling: Grouping) -> None:
    found = await majority_vote([None, drawn("5", "a"), None, drawn(None, "b")], spelling)
    assert (found.answer, found.voters, found.share) == ("5", 1, 1.0)


async def test_a_candidate_without_step_scores_does_not_vote_against_its_answer(
    drawn: Drawn, spelling: Grouping
) -> None:
    items = [Scored(drawn("5", "a"), Score(value=0.4)), Scored(drawn("5", "b"), Score(value=0.0))]
    found = await weighted_vote(items, spelling, how="min")
    assert found.weight == 0.4
