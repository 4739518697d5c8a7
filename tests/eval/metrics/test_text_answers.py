"""EM, F1 and Acc of short answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.metrics.text_answers import references_of, text_score
from tts.values import Problem


@pytest.mark.parametrize(
    ("answer", "references", "em", "f1", "acc"),
    [
        ("The Beatles!", ["beatles"], 1, 1, 1),
        ("Paul McCartney of the Beatles", ["Beatles"], 0, 0.4, 1),
        ("John", ["Lennon", "John"], 1, 1, 1),
        ("May 4, 1912", ["4 May 1912"], 1, 1, 1),
        ("1912-05-04", ["4th May 1912"], 1, 1, 1),
        ("yes", ["no"], 0, 0, 0),
        ("yes indeed", ["yes"], 0, 0, 1),
        ("carport", ["car"], 0, 0, 0),
        (None, ["x"], 0, 0, 0),
        ("", ["?"], 0, 0, 0),
    ],
)
def test_an_answer_is_scored_by_its_best_reference(
    answer: str | None, references: list[str], em: float, f1: float, acc: float
) -> None:
    found = text_score(answer, references)
    assert (found.em, found.f1, found.acc) == (em, pytest.approx(f1), acc)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_the_same_is_contained_and_has_all_words(one: str, two: str) -> None:
    found = text_score(one, [two])
    assert 0 <= found.em <= found.f1 <= 1 and found.em <= found.acc


def test_aliases_of_a_row_are_references() -> None:
    row = Problem(id="1", prompt="q", answer="a", metadata={"answer_aliases": ["b", "a", 3]})
    assert references_of(row) == ("a", "b") and references_of(Problem(id="1", prompt="q")) == ()
