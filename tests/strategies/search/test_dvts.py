from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedScorer
from tts.backends.simulated import SimulatedSteps
from tts.ledger import MemoryJournal
from tts.strategies import DVTS
from tts.values import Budget

BOX = "\\boxed{%s}"


def test_every_subtree_draws_its_branching_per_round(forest: Any) -> None:
    found = forest.grow(DVTS(n=6, branching=2, rounds=3), policy=SimulatedSteps(least=5, most=5))
    depths = [kept.candidate.depth for kept in found.candidates]
    assert [depths.count(depth) for depth in range(3)] == [6, 6, 6]


def test_subtrees_do_not_compete(forest: Any) -> None:
    found = forest.grow(DVTS(n=8, branching=2, rounds=4), policy=SimulatedSteps(least=4, most=4))
    second = [k.candidate.parent for k in found.candidates if k.candidate.depth == 1]
    assert len({parent.key for parent in second if parent}) == 4


def test_a_subtree_goes_on_from_its_best_child_only(forest: Any) -> None:
    policy = forest.by_depth(["poor\n\n", "good\n\n"], [BOX % 1])
    scorer = ScriptedScorer({"poor": 0.1, "good": 0.9})
    found = forest.grow(DVTS(n=2, branching=2, rounds=2), policy=policy, scorer=scorer)
    assert {k.candidate.parent.text for k in found.candidates if k.candidate.parent} == {"good\n\n"}


def test_two_subtrees_never_share_a_draw(forest: Any) -> None:
    found = forest.grow(DVTS(n=4, branching=2, rounds=3))
    keys = [kept.candidate.key for kept in found.candidates]
    assert len(keys) == len(set(keys)) == forest.sampled(found)


def test_a_subtree_does_not_wait_for_the_others(forest: Any) -> None:
    journal = MemoryJournal(job="lab")
    forest.grow(DVTS(n=8, branching=2, rounds=5), journal=journal, spread=1.5)
    subtrees = [use.node.split("/")[0] for use in forest.uses(journal)]
    last = {subtree: len(subtrees) - subtrees[::-1].index(subtree) for subtree in subtrees}
    assert min(last.values()) < len(subtrees) - 8


def test_what_a_small_budget_leaves_is_still_an_answer(forest: Any) -> None:
    found = forest.grow(DVTS(n=8, branching=4, rounds=6), budget=Budget(tokens=700))
    assert found.answer is not None
    assert found.usage.tokens <= 700


def test_a_subtree_that_uses_up_its_share_leaves_the_others_theirs(forest: Any) -> None:
    found = forest.grow(DVTS(n=4, branching=2, rounds=6), budget=Budget(tokens=800))
    roots = [k.candidate for k in found.candidates if k.candidate.depth == 0]
    assert len(roots) >= 4


def test_n_is_a_multiple_of_branching() -> None:
    with pytest.raises(ValueError, match="multiple"):
        DVTS(n=6, branching=4)
