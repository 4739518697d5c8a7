"""Questions about worlds: what they ask, what is so, what is shown and never asked."""

from __future__ import annotations

import pytest

from tts.facts import MOST_PER_BIN, demonstrations, documents, generate
from tts.facts.problem import DIFFICULTIES


def said(seed: int) -> dict[str, str]:
    return {one.id: one.text for one in documents(seed)}


@pytest.mark.parametrize("difficulty_bin", DIFFICULTIES)
def test_the_supporting_documents_lead_to_the_answer(difficulty_bin: int) -> None:
    texts = said(3)
    for one in generate(difficulty_bin, 20, 3):
        for id, hop in zip(one.support, one.hops, strict=True):
            person = hop.question.removesuffix("?").split()[-1]
            assert person in texts[id] and texts[id].endswith(f" is {hop.answer}.")
        assert one.answer == one.hops[-1].answer


@pytest.mark.parametrize("difficulty_bin", DIFFICULTIES)
def test_sources_disagree_on_as_many_hops_as_the_bin_says(difficulty_bin: int) -> None:
    texts = said(3)
    for one in generate(difficulty_bin, 20, 3):
        pairs = [id.partition("/")[2] for id in one.support]
        both = sum({f"Gazette/{pair}", f"Herald/{pair}"} <= texts.keys() for pair in pairs)
        assert (len(pairs), both) == (
            DIFFICULTIES[difficulty_bin].hops,
            DIFFICULTIES[difficulty_bin].disputed,
        )


def test_one_source_of_a_world_is_right_throughout() -> None:
    for seed in range(5):
        sources = {id.partition("/")[0] for one in generate(5, 20, seed) for id in one.support}
        assert len(sources) == 1


def test_a_seed_gives_the_same_world_again_and_another_seed_another() -> None:
    assert generate(3, 20, 7) == generate(3, 20, 7)
    assert documents(7) != documents(8)


def test_nothing_that_is_asked_is_shown() -> None:
    asked = {one.prompt for bin_ in DIFFICULTIES for one in generate(bin_, MOST_PER_BIN, 0)}
    shown = {one.question for hops in (1, 2) for one in demonstrations(0, 40, hops=hops)}
    assert len(asked) == 5 * MOST_PER_BIN and not asked & shown


def test_more_questions_than_a_world_has_are_refused() -> None:
    with pytest.raises(ValueError, match="count must be 0 to"):
        generate(1, 5000, 0)
