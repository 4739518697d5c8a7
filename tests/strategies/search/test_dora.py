from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.scripted import ScriptedScorer
from tts.strategies import DORA
from tts.strategies.parts.expand import largest_remainder, normalised
from tts.strategies.search.rebase import cosines, direction_shares, word_similarity

BOX = "\\boxed{%s}"
ONE_TWICE = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def test_worked_numbers_a_direction_drawn_twice_has_one_share() -> None:
    shares = direction_shares([0.5, 0.5, 0.5], ONE_TWICE)
    assert shares == pytest.approx([0.25, 0.25, 0.5])
    assert largest_remainder(shares, 8) == [2, 2, 4]


def test_worked_numbers_quality_counts_at_temperature_a_tenth() -> None:
    identity = [[1.0, 0.0], [0.0, 1.0]]
    # exp(9) : exp(8) = 0.731 : 0.269
    assert direction_shares([0.9, 0.8], identity) == pytest.approx([0.7311, 0.2689], abs=1e-4)


def test_all_alike_is_the_allocation_by_quality() -> None:
    alike = [[1.0] * 3] * 3
    scores = [0.2, 0.5, 0.8]
    assert direction_shares(scores, alike) == pytest.approx(normalised([2.0, 5.0, 8.0]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(0, 99))
def test_whatever_the_scores_the_rollouts_sum_to_n(scores: list[float], n: int) -> None:
    texts = [f"step {i % 3}" for i in range(len(scores))]
    shares = direction_shares(scores, word_similarity(texts))
    assert sum(largest_remainder(shares, n)) == n


def test_words_see_repetition_and_miss_paraphrase() -> None:
    same, other = "add two and three", "sum of 2 with 3"
    found = word_similarity([same, "Three and two add", other])
    assert found[0][1] == pytest.approx(1.0)
    assert found[0][2] == 0.0


def test_parameters_say_how_directions_are_told_apart(lab: Any) -> None:
    assert DORA().parameters["directions"] == "words"
    assert DORA(directions=lab.Tool("bge-m3")).parameters["directions"] == "bge-m3"
    with pytest.raises(ValueError, match="directions"):
        DORA(directions="meaning")  # type: ignore[arg-type]


def test_an_embedder_is_called_and_paid_like_any_call(forest: Any, lab: Any) -> None:
    class Embedder(lab.Tool):  # type: ignore[misc, name-defined]
        def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
            return [[1.0, 0.0] if "a" in text else [0.0, 1.0] for text in args[0]]

    embedder = Embedder("bge-m3")
    policy = forest.by_depth(["a 1\n\n", "a 2\n\n", "b\n\n"], [BOX % 1])
    scorer = ScriptedScorer({}, default=0.5)
    found = forest.grow(DORA(n=4, rounds=2, directions=embedder), policy=policy, scorer=scorer)
    children = Counter(k.candidate.parent.text for k in found.candidates if k.candidate.parent)
    assert children["b\n\n"] == 2
    assert found.spend["tool"].calls == len(embedder.performed) == 1


def test_cosines_of_vectors() -> None:
    assert cosines([[1, 0], [2, 0], [0, 0]]) == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
