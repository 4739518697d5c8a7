from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.strategies import BeamSearch, LookaheadSearch

BOX = "\\boxed{%s}"


def small(**how: Any) -> LookaheadSearch:
    return LookaheadSearch(**{"n": 2, "branching": 2, "rounds": 3, **how})


def test_the_lookahead_that_is_paid_for_is_what_is_scored(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n", "b\n\n"], ["c\n\n"], [BOX % 1])
    scorer = ScriptedScorer({})
    forest.grow(small(), policy=policy, scorer=scorer)
    first = [request.steps for request in scorer.requests[:2]]
    assert first == [("a", "c"), ("b", "c")]


def test_a_child_is_judged_by_where_it_leads(forest: Any) -> None:
    def say(_: Any, prefix: str, index: int) -> str:
        if not prefix:
            return ["trap\n\n", "path\n\n"][index % 2]
        return "dead end\n\n" if prefix == "trap\n\n" else BOX % 9

    scorer = ScriptedScorer({"trap": 0.9, "path": 0.5, "dead end": 0.0}, default=0.8)
    found = forest.grow(small(), policy=ScriptedGenerator(say), scorer=scorer)
    continued = [k.candidate.parent for k in found.candidates if k.candidate.final]
    assert {parent.text for parent in continued if parent} == {"path\n\n"}


def test_lookahead_is_greedy_and_a_greedy_step_is_drawn_once(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n", "b\n\n"], ["c\n\n"], [BOX % 1])
    forest.grow(small(), policy=policy)
    greedy = [r.prefix for r in policy.requests if r.sampling.temperature == 0]
    assert len(greedy) == len(set(greedy)) > 0


def test_a_final_child_is_not_looked_behind(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, BOX % 2])
    found = forest.grow(small(), policy=policy)
    assert len(policy.requests) == 2
    assert forest.scored(found) == 2


def test_the_search_goes_on_from_the_child_and_not_from_its_lookahead(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n"], ["c\n\n"], [BOX % 1])
    forest.grow(small(), policy=policy)
    warm = [r.prefix for r in policy.requests if r.sampling.temperature > 0]
    assert "a\n\n" in warm


def test_no_lookahead_is_beam_search(forest: Any) -> None:
    with pytest.raises(ValueError, match="lookahead"):
        LookaheadSearch(lookahead=0)
    assert BeamSearch.lookahead == 0


def test_two_steps_of_lookahead_cost_two_more_draws_per_child(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n", "b\n\n"], ["c\n\n"], ["d\n\n"], ["e\n\n"], [BOX % 1])
    forest.grow(small(lookahead=2, rounds=2), policy=policy)
    assert sum(r.sampling.temperature == 0 for r in policy.requests) == 4
