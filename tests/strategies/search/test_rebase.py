from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tts.backends.scripted import ScriptedScorer
from tts.backends.simulated import SimulatedSteps
from tts.strategies import Rebase

BOX = "\\boxed{%s}"


def test_children_are_shared_by_the_softmax_of_scores(forest: Any) -> None:
    policy = forest.by_depth([f"s{i}\n\n" for i in range(8)], [BOX % 1])
    scorer = ScriptedScorer({"s0": 0.9, "s1": 0.5, "s2": 0.1}, default=0.0)
    found = forest.grow(Rebase(n=8, rounds=2), policy=policy, scorer=scorer)
    children = Counter(k.candidate.parent.text for k in found.candidates if k.candidate.parent)
    assert children["s0\n\n"] == 7
    assert sum(children.values()) == 8


def test_every_round_is_as_wide_as_what_is_not_finished(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, "a\n\n", "b\n\n", "c\n\n"], [BOX % 2])
    found = forest.grow(Rebase(n=4, rounds=4), policy=policy)
    depths = [kept.candidate.depth for kept in found.candidates]
    assert (depths.count(0), depths.count(1)) == (4, 3)


def test_at_most_n_solutions_are_finished(forest: Any) -> None:
    found = forest.grow(Rebase(n=7, rounds=5), policy=SimulatedSteps(least=2, most=6))
    assert sum(kept.candidate.final for kept in found.candidates) <= 7


def test_two_children_of_one_leaf_are_two_draws(forest: Any) -> None:
    found = forest.grow(Rebase(n=6, rounds=3))
    assert len({kept.candidate.key for kept in found.candidates}) == forest.sampled(found)


def test_a_temperature_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="temperature"):
        Rebase(temperature=0)
