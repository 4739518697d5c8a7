"""A search is worth about a single draw at the least budget, and never less at greater ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.backends.fault_server.plan import Latency
from tts.backends.scripted import ScriptedGenerator
from tts.backends.simulated import TRUTH, SimulatedSteps
from tts.engine import parse_strategy
from tts.errors import BudgetTooSmall
from tts.strategies import BeamSearch, MajorityVote, Rebase, Single
from tts.values import Budget, Capabilities

SEARCHES = (
    "beam_search(n=16)",
    "lookahead_search(n=16)",
    "dvts(n=16)",
    "rebase(n=16)",
    "dora(n=16)",
    "particle_filtering(n=16)",
    "particle_gibbs(n=16)",
    "mcts(n=16)",
    "tree_of_thoughts",
    "tree_of_thoughts(order=dfs)",
)
searches = st.sampled_from(SEARCHES).map(parse_strategy)
seeds = st.integers(0, 10**6)
ROOM = 32
"""Longest solution, in words; those of the policy below have at most 18."""
DRAW = 8 + ROOM
"""What a whole draw is reckoned at: the prompt and the longest solution."""


def policy(seed: int, **how: Any) -> SimulatedSteps:
    return SimulatedSteps(0.8, least=2, most=5, variety=5, seed=seed, **how)


def grow(forest: Any, strategy: Any, seed: int, budget: Budget | None) -> Any:
    return forest.grow(strategy, policy=policy(seed), budget=budget, max_tokens=ROOM)


@pytest.fixture(scope="module")
def least(forest: Any) -> int:
    """The smallest budget there is: a draw, and an answer forced from it."""
    with pytest.raises(BudgetTooSmall) as caught:
        grow(forest, Single(), 0, Budget(tokens=1))
    return int(str(caught.value).split("Give at least ")[1].split()[0])


@settings(max_examples=40)
@given(searches, seeds)
def test_the_least_budget_has_room_for_the_answer_of_a_single_draw(
    forest: Any, least: int, strategy: Any, seed: int
) -> None:
    budget = Budget(tokens=least)
    searched, single = (grow(forest, one, seed, budget) for one in (strategy, Single()))
    drawn = {kept.candidate.answer for kept in searched.candidates}
    assert None is not searched.answer in drawn and single.answer in drawn
    assert searched.usage.tokens <= least and searched.stopped_by == "budget"


@settings(max_examples=60)
@given(searches, seeds, st.integers(1, 2000))
def test_at_any_budget_there_is_an_answer_and_nothing_is_exceeded(
    forest: Any, least: int, strategy: Any, seed: int, more: int
) -> None:
    found = grow(forest, strategy, seed, Budget(tokens=least + more))
    assert found.answer is not None and found.usage.tokens <= least + more


@settings(max_examples=40)
@given(searches, seeds, st.integers(2, 120))
def test_a_ceiling_on_calls_leaves_an_answer_too(
    forest: Any, strategy: Any, seed: int, calls: int
) -> None:
    found = grow(forest, strategy, seed, Budget(calls=calls))
    assert found.answer is not None and found.usage.calls <= calls


@pytest.mark.parametrize("spelt", SEARCHES[:8])
@pytest.mark.parametrize("singles", [1.5, 4, 10])
def test_a_small_budget_is_worth_no_less_than_a_single_draw(
    forest: Any, least: int, spelt: str, singles: float
) -> None:
    budget = Budget(tokens=max(least, round(singles * DRAW)))
    right = {
        name: sum(grow(forest, strategy, seed, budget).answer == TRUTH for seed in range(60))
        for name, strategy in (("search", parse_strategy(spelt)), ("single", Single()))
    }
    assert right["search"] >= right["single"] - 3


@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("search", [BeamSearch(n=16), Rebase(n=16)])
def test_a_budget_of_k_scored_solutions_makes_the_first_round_k_wide(
    forest: Any, least: int, search: Any, k: int
) -> None:
    model = policy(1)
    forest.grow(search, policy=model, budget=Budget(tokens=least + 2 * k * DRAW), max_tokens=ROOM)
    assert sum(len(one.seeds) for one in model.requests if not one.prefix) == k


def test_without_a_ceiling_every_round_is_as_wide_as_it_was_asked_to_be(forest: Any) -> None:
    model = policy(1)
    forest.grow(BeamSearch(n=16), policy=model, max_tokens=ROOM)
    assert sum(len(one.seeds) for one in model.requests if not one.prefix) == 16


def test_the_closing_draw_goes_on_greedily_from_the_best_of_the_deepest_scored(
    forest: Any, least: int
) -> None:
    model = policy(1)
    budget = Budget(tokens=least + 4 * DRAW)
    found = forest.grow(BeamSearch(n=16), policy=model, budget=budget, max_tokens=ROOM)
    live = [kept for kept in found.candidates if kept.score and not kept.candidate.final]
    best = max(live, key=lambda one: (one.candidate.depth, one.score.value))
    [closing] = [one for one in model.requests if one.sampling.greedy]
    assert closing.prefix == best.candidate.text and found.candidate.final


def test_a_model_that_continues_nothing_is_asked_the_problem_again_at_the_end(forest: Any) -> None:
    def cut_or_short(_: Any, prefix: str, index: int) -> str:
        assert not prefix
        return "so \\boxed{42}" if index == 0 and model.requests[-1].sampling.greedy else "so " * 99

    model = ScriptedGenerator(cut_or_short, capabilities=Capabilities(seed=True))
    found = forest.grow(MajorityVote(n=8), policy=model, budget=Budget(tokens=200), max_tokens=ROOM)
    assert (found.answer, found.stopped_by, found.missing) == ("42", "budget", {})


@pytest.mark.parametrize("spelt", SEARCHES[:8])
def test_a_search_spends_what_its_rounds_leave_of_a_small_budget(forest: Any, spelt: str) -> None:
    budget = Budget(tokens=5 * (8 + 4 * ROOM))
    spent = [
        forest.grow(
            parse_strategy(spelt), policy=policy(seed), budget=budget, max_tokens=4 * ROOM
        ).usage.tokens
        for seed in range(20)
    ]
    assert budget.tokens and sum(spent) >= 0.85 * 20 * budget.tokens
    assert max(spent) <= budget.tokens


def test_at_a_deadline_the_answer_is_forced_at_once(forest: Any) -> None:
    model = policy(1, latency=Latency(median=1.0))
    found = forest.grow(BeamSearch(n=4), policy=model, budget=Budget(seconds=1.5), max_tokens=ROOM)
    assert found.stopped_by == "deadline" and model.requests[-1].sampling.max_tokens == 48
