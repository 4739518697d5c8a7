"""How hard a problem is: what is looked at, the guess, and its bins."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tts.strategies.allocation.difficulty import (
    LIU,
    Difficulty,
    bin_of,
    quantile_edges,
    sight_of,
)
from tts.strategies.parts.stopping import Seen
from tts.values import Problem

PROBLEM = Problem(id="p", prompt="x" * 19)


def test_the_sight_of_some_draws_holds_scores_votes_and_length() -> None:
    sight = sight_of(Seen((0, 0, 1, None), (0.5, 0.9, None, 0.1)), PROBLEM)
    assert sight["best"] == 0.9 and sight["mean"] == 0.5 and sight["answered"] == 0.75
    assert sight["agreement"] == pytest.approx(2 / 3)
    assert sight["length"] == pytest.approx(2.9957, abs=1e-4)


def test_what_no_verdict_and_no_vote_tell_is_unknown() -> None:
    sight = sight_of(Seen((None,), (None,)), PROBLEM)
    assert sight["best"] is sight["mean"] is sight["agreement"] is None
    assert sight["answered"] == 0.0 and sight_of(Seen(()), PROBLEM)["answered"] is None


@given(st.floats(0.01, 0.99), st.floats(-5, 5), st.floats(0, 5))
def test_a_missing_verdict_makes_a_problem_neither_harder_nor_easier_than_is_typical(
    typical: float, constant: float, weight: float
) -> None:
    guess = Difficulty(weights={"constant": constant, "best": weight}, typical={"best": typical})
    missing = guess.hope(sight_of(Seen((0,), (None,)), PROBLEM))
    assert missing == pytest.approx(guess.hope(sight_of(Seen((0,), (typical,)), PROBLEM)))
    bare = Difficulty(weights=guess.weights)
    assert bare.hope(sight_of(Seen((0,), ()), PROBLEM)) == pytest.approx(
        bare.hope(sight_of(Seen((0,), (0.5,)), PROBLEM))
    )


@pytest.mark.parametrize(("hope", "place"), [(0.05, 3), (0.1, 2), (0.49, 2), (0.5, 1), (1.0, 1)])
def test_absolute_bins_are_those_of_liu(hope: float, place: int) -> None:
    assert bin_of(hope, LIU) == place


@given(st.lists(st.floats(0.01, 0.99), min_size=50, max_size=50, unique=True))
def test_quantile_bins_are_of_equal_size(hopes: list[float]) -> None:
    edges = quantile_edges(hopes)
    sizes = [sum(bin_of(hope, edges) == place for hope in hopes) for place in range(1, 6)]
    assert sizes == [10] * 5


def test_a_guess_is_logistic_in_its_features() -> None:
    guess = Difficulty(weights={"constant": -1.0, "best": 4.0})
    sight = sight_of(Seen((0,), (0.5,)), PROBLEM)
    assert isclose(guess.hope(sight), 0.7311, abs_tol=1e-4) and guess.bin(sight) == 1
    assert guess.bin(sight_of(Seen((None,), (0.1,)), PROBLEM)) == 2


@pytest.mark.parametrize("edges", [(0.5, 0.1), (0.0,), (0.3, 0.3)])
def test_edges_that_do_not_ascend_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="edges ascend"):
        Difficulty(weights={}, edges=edges)
