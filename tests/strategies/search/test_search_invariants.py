"""What holds for every search, over a simulated policy and reward model with known truth."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.answers import ballots
from tts.backends.fault_server.plan import Latency
from tts.backends.simulated import SimulatedScorer, SimulatedSteps
from tts.engine import parse_strategy, spell_strategy
from tts.errors import LedgerError
from tts.ledger import MemoryJournal
from tts.values import Budget

SEARCHES = (
    "beam_search(n=6, branching=2, rounds=6)",
    "beam_search(n=6, branching=2, rounds=6, quota=shrink)",
    "lookahead_search(n=4, branching=2, rounds=6)",
    "dvts(n=6, branching=2, rounds=6)",
    "rebase(n=6, rounds=6)",
    "dora(n=6, rounds=6)",
    "particle_filtering(n=6, rounds=6)",
    "particle_filtering(n=6, rounds=6, weights=multiply, ess_threshold=1.0)",
    "particle_gibbs(n=6, rounds=6, iterations=2)",
    "mcts(n=6, branching=2, rounds=6, parallel=3)",
    "ab_mcts_a(n=6, parallel=3)",
    "ab_mcts_m(n=6, parallel=3)",
    "tree_of_thoughts(n=4, branching=2, rounds=5)",
    "tree_of_thoughts(n=4, branching=2, rounds=5, order=dfs, judging=vote)",
)
search = st.sampled_from(SEARCHES).map(parse_strategy)
seeds = st.integers(0, 10**6)
FEW = settings(max_examples=30)


def policy(seed: int, *, spread: float = 0.0, most: int = 5, variety: int = 3) -> SimulatedSteps:
    latency = Latency(kind="lognormal", median=1.0, sigma=spread) if spread else Latency()
    return SimulatedSteps(0.7, least=2, most=most, variety=variety, seed=seed, latency=latency)


class Patient(SimulatedSteps):
    """The same draws with other latencies."""

    def __init__(self, inner: SimulatedSteps, shuffle: int) -> None:
        vars(self).update(vars(inner))
        self.latency = Wild(shuffle)  # type: ignore[assignment]


class Wild:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def draw(self, _: Any) -> float:
        return self.rng.expovariate(1.0)


@FEW
@given(search, seeds, seeds)
def test_the_same_seed_gives_the_same_tree_under_any_latency_order(
    forest: Any, strategy: Any, seed: int, shuffle: int
) -> None:
    calm = forest.grow(strategy, policy=policy(seed))
    wild = forest.grow(strategy, policy=Patient(policy(seed), shuffle))
    assert forest.tree(calm) == forest.tree(wild)
    assert (calm.answer, calm.usage) == (wild.answer, wild.usage)


@FEW
@given(search, seeds, seeds, st.integers(150, 2500))
def test_a_budget_is_never_passed_and_its_refusals_do_not_depend_on_timing(
    forest: Any, strategy: Any, seed: int, shuffle: int, tokens: int
) -> None:
    budget = Budget(tokens=tokens)
    calm = forest.grow(strategy, policy=policy(seed), budget=budget)
    wild = forest.grow(strategy, policy=Patient(policy(seed), shuffle), budget=budget)
    assert calm.usage.tokens <= tokens
    assert wild.usage.tokens <= tokens
    assert (calm.answer, calm.usage) == (wild.answer, wild.usage)


@FEW
@given(search, seeds, st.integers(0, 60))
def test_a_search_killed_anywhere_goes_on_without_a_call_made_twice(
    forest: Any, lab: Any, strategy: Any, seed: int, life: int
) -> None:
    whole = forest.grow(strategy, policy=policy(seed))
    journal = lab.MortalJournal(job="lab", life=life)
    try:
        forest.grow(strategy, policy=policy(seed), journal=journal)
    except LedgerError as death:
        assert "disk is full" in str(death)
    first, again = policy(seed), lab.again(journal)
    resumed = forest.grow(strategy, policy=first, journal=again)
    assert forest.tree(resumed) == forest.tree(whole)
    assert (resumed.answer, resumed.usage) == (whole.answer, whole.usage)


@FEW
@given(search, seeds)
def test_a_finished_search_replays_without_a_single_call(
    forest: Any, lab: Any, strategy: Any, seed: int
) -> None:
    journal = MemoryJournal(job="lab")
    whole = forest.grow(strategy, policy=policy(seed), journal=journal)
    silent, scorer = policy(seed), SimulatedScorer()
    again = forest.grow(strategy, policy=silent, scorer=scorer, journal=lab.again(journal))
    assert not silent.requests and not scorer.requests
    assert (again.answer, again.usage) == (whole.answer, whole.usage)


@FEW
@given(search, seeds, st.integers(2, 14))
def test_truncation_is_not_completion(
    forest: Any, strategy: Any, seed: int, max_tokens: int
) -> None:
    found = forest.grow(strategy, policy=policy(seed), max_tokens=max_tokens)
    for kept in found.candidates:
        assert not (kept.candidate.final and kept.candidate.finish_reason == "length")
        assert kept.candidate.final or kept.candidate.answer is None


@FEW
@given(search, seeds)
def test_nobody_votes_twice(forest: Any, strategy: Any, seed: int) -> None:
    found = forest.grow(strategy, policy=policy(seed, variety=1))
    pool = [kept.candidate for kept in found.candidates]
    votes = [vote for vote in ballots([*pool, *pool]) if vote is not None]
    assert len(votes) == sum(candidate.final and bool(candidate.answer) for candidate in pool)
    assert max(Counter(candidate.key for candidate in pool).values()) == 1


@FEW
@given(search, seeds)
def test_the_answer_is_one_that_a_finished_candidate_gives(
    forest: Any, strategy: Any, seed: int
) -> None:
    found = forest.grow(strategy, policy=policy(seed))
    answers = {kept.candidate.answer for kept in found.candidates if kept.candidate.final}
    assert found.answer in answers or (found.answer is None and not answers - {None})


@FEW
@given(search, seeds)
def test_a_bound_is_never_passed(forest: Any, strategy: Any, seed: int) -> None:
    dry = forest.estimate(strategy)
    found = forest.grow(strategy, policy=policy(seed, most=6))
    assert dry.calls
    if dry.bound:
        assert found.usage.tokens <= dry.worst.tokens
        assert found.usage.calls <= dry.worst.calls


@pytest.mark.parametrize("spelt", SEARCHES)
def test_no_search_touches_global_random_state(forest: Any, spelt: str) -> None:
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    forest.grow(parse_strategy(spelt), policy=policy(3))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]


@pytest.mark.parametrize("spelt", SEARCHES)
def test_one_strategy_object_keeps_nothing_between_problems(forest: Any, spelt: str) -> None:
    strategy = parse_strategy(spelt)
    alone = forest.grow(strategy, policy=policy(5))
    forest.grow(strategy, policy=policy(99), seed=7)
    again = forest.grow(strategy, policy=policy(5))
    assert (forest.tree(alone), alone.answer) == (forest.tree(again), again.answer)


@pytest.mark.parametrize("spelt", SEARCHES)
def test_its_spelling_is_read_back(spelt: str) -> None:
    strategy = parse_strategy(spelt)
    assert parse_strategy(spell_strategy(strategy)).parameters == strategy.parameters
