"""Sub-questions read from a reply, and made by rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.retrieval.decompose import SubQuestion, by_rules, read_sub_questions


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Where was the director of Glass Harbour born?",
            ["Who or what is the director of Glass Harbour?", "Where was #1 born?"],
        ),
        (
            "Who leads the country where the composer of Blue Mill was a citizen?",
            [
                "Who or what is the composer of Blue Mill?",
                "Which country is it where #1 was a citizen?",
                "Who leads #2?",
            ],
        ),
        (
            "What kind of plane flew over Aino Salo's birthplace?",
            [
                "Who or what is the birthplace of Aino Salo?",
                "What kind of plane flew over #1?",
            ],
        ),
        ("How old is Visby?", ["How old is Visby?"]),
    ],
)
def test_descriptions_are_asked_from_the_inside_out(question: str, parts: list[str]) -> None:
    assert [one.text for one in by_rules(question, 4)] == parts


@given(st.text(max_size=120), st.integers(1, 5))
def test_rules_give_at_most_so_many_whose_slots_all_name_an_earlier_one(
    text: str, most: int
) -> None:
    plain = text.replace("#", "")
    found = by_rules(plain, most)
    assert 1 <= len(found) <= most
    assert all(need < place for place, one in enumerate(found) for need in one.needs)


def test_numbered_lines_are_read_and_others_are_not() -> None:
    said = "<think>1. no</think>Sure:\n1. **Who wrote X?**\n2) Where was #1 born?\nThat is all."
    found = read_sub_questions(said, 4)
    assert [one.text for one in found] == ["Who wrote X?", "Where was #1 born?"]
    assert found[1].needs == (0,) and found[1].filled({0: "Ann"}) == "Where was Ann born?"


@pytest.mark.parametrize(
    ("said", "n"), [("1. Who is #2?", 0), ("1. a b\n2. c #1\n3. d #7", 2), ("", 0)]
)
def test_a_slot_that_nothing_fills_ends_the_list(said: str, n: int) -> None:
    assert len(read_sub_questions(said, 4)) == n


def test_an_answer_with_a_slot_in_it_is_not_filled_again() -> None:
    assert SubQuestion("#1 and #2?").filled({0: "#2", 1: "x"}) == "#2 and x?"
