"""Instructions that a program checks: what is kept, what is not, and what is no reference."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.equivalence import Instructions, follows, quick, read_instructions
from tts.errors import BadInput

SENTENCE = Instructions(words=("river", "boat"), most_words=6, sentences=1)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A boat on the river.", (True, True, True, True)),
        ('"River boat!"', (True, True, True, True)),
        ("Boats on the river's bank.", (False, False, True, True)),
        ("The boat left the river and came back. It sank.", (True, True, False, False)),
        ("A boat on the river", (True, True, True, False)),
        ("A 3.5 m boat. River.", (True, True, True, False)),
        ("", (False, False, True, False)),
    ],
)
def test_words_are_whole_words_and_a_sentence_ends(text: str, kept: tuple[bool, ...]) -> None:
    assert SENTENCE.kept(text) == kept


@pytest.mark.parametrize(
    ("asked", "text", "right"),
    [
        (Instructions(without=("the",)), "There we are.", True),
        (Instructions(without=("the",)), "At THE sea.", False),
        (Instructions(begins="today"), "Today, it rains.", True),
        (Instructions(begins="today"), "It rains today.", False),
        (Instructions(ends="?"), 'Is it "far"?', True),
        (Instructions(ends="?"), "It is far.", False),
        (Instructions(among=(2, 4, 6)), "4", True),
        (Instructions(among=(2, 4, 6)), "5", False),
        (Instructions(among=(2, 4, 6)), "some", False),
        (Instructions(above=4), "4", False),
        (Instructions(above=4, below=6), "5", True),
        (Instructions(above=4, below=6), "6", False),
    ],
)
def test_each_instruction_is_kept_or_not(asked: Instructions, text: str, right: bool) -> None:
    assert (asked.share(text) == 1.0) is right


@given(st.text(max_size=200))
def test_a_share_is_that_of_what_is_kept(text: str) -> None:
    kept = SENTENCE.kept(text)
    assert SENTENCE.share(text) == sum(kept) / 4
    assert Instructions().share(text) == 1.0


def test_an_answer_is_right_where_it_keeps_to_all_that_its_reference_says() -> None:
    reference = json.dumps({"words": ["cat"], "sentences": 1})
    assert follows("The cat sleeps.", reference) == "same"
    assert quick("The dog sleeps.", reference, kind="instructed") == "different"
    assert quick("The cat sleeps. It snores.", reference, kind="instructed") == "different"
    assert quick("The cat.", "A cat.", kind="instructed") == "different"


@pytest.mark.parametrize("told", ["{", '{"word": ["cat"]}', {"sentences": "one"}, 7])
def test_what_says_nothing_known_is_refused_in_one_line(told: object) -> None:
    with pytest.raises(BadInput, match="No instructions that can be checked") as caught:
        read_instructions(told)
    assert "\n" not in str(caught.value)
