"""What holds for every sampling, sequential and selecting strategy."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.engine import parse_strategy, spell_strategy
from tts.engine.estimate import estimate
from tts.errors import LedgerError
from tts.protocols import IntentRow
from tts.values import Budget, Sampling

SPELLED = [
    "adaptive_consistency(n=12, batch=3)",
    "adaptive_consistency(n=12, rule=dirichlet)",
    "auto(n=8)",
    "best_of_n(n=12, stop=gain)",
    "budget_forcing(least=4, waits=2)",
    "critique_and_fuse(n=3, layers=2)",
    "deepconf(n=6)",
    "early_stopping_consistency(n=12, window=3)",
    "llm_selection(n=5, group=2)",
    "majority_vote(n=12, stop=consensus)",
    "optimal_stopping(n=12)",
    "pivot_tournament(n=5, pivots=1)",
    "plan_then_solve(n=6, select=weighted)",
    "self_certainty(n=6)",
    "self_evaluation(n=4, of=process)",
    "self_refine(rounds=2, select=weighted)",
    "sequential_revision(chains=2, length=3)",
    "until_accepted(n=12, accept=0.8, abandon=0.3, patience=4, batch=2)",
    "weaver(n=6)",
]
TIMED = ["deepconf_online(n=6, warmup=2, window=2)", "first_finish(n=6, m=2)"]
"""The order of arrival decides their cost, or their answer."""


def say(messages: Any, prefix: str, index: int) -> str:
    """Says something of everything that a strategy may ask for."""
    past = "".join(turn.content for turn in messages)
    dice = Random(f"{past} {prefix} {index}")
    right = 42 if dice.random() < 0.5 else dice.randrange(4)
    if "Solution B" in past:
        return f"Better: {dice.choice(['A', 'B', 'equal', 'hard to say'])}"
    told = "Rating: 6" if dice.random() < 0.5 else "Judgment: 1"
    return f"{'so ' * dice.randrange(5)}{told}\n\n1. try\n\n\\boxed{{{right}}}"


def score(_: Any, steps: Any, place: int) -> float:
    return Random("".join(steps[: place + 1])).random()


def solved(lab: Any, spelled: str, *, shuffle: int = 0, seed: int = 0, **how: Any) -> Any:
    model = lab.Slow(lab.words(say), shuffle=shuffle)
    sampling = Sampling(max_tokens=24)
    strategy = parse_strategy(spelled)
    return lab.run(
        lab.solve(strategy, model, scores=score, sampling=sampling, replicate=seed, **how)
    )


budgets = st.one_of(
    st.integers(150, 900).map(lambda tokens: Budget(tokens=tokens)),
    st.integers(2, 20).map(lambda calls: Budget(calls=calls)),
)


@settings(max_examples=48)
@given(
    spelled=st.sampled_from(SPELLED),
    budget=st.one_of(st.none(), budgets),
    shuffles=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    seed=st.integers(0, 3),
)
def test_the_same_seed_gives_the_same_result_under_any_latency(
    lab: Any, spelled: str, budget: Budget | None, shuffles: tuple[int, int], seed: int
) -> None:
    one, two = (solved(lab, spelled, budget=budget, shuffle=s, seed=seed) for s in shuffles)
    assert (one.answer, one.usage, one.stopped_by) == (two.answer, two.usage, two.stopped_by)
    assert [kept.candidate.key for kept in one.candidates] == [
        kept.candidate.key for kept in two.candidates
    ]


@settings(max_examples=40)
@given(spelled=st.sampled_from(SPELLED + TIMED), budget=budgets, shuffle=st.integers(0, 99))
def test_no_budget_is_exceeded_and_what_was_found_is_returned(
    lab: Any, spelled: str, budget: Budget, shuffle: int
) -> None:
    result = solved(lab, spelled, budget=budget, shuffle=shuffle)
    found = [kept for kept in result.candidates if kept.candidate.answer is not None]
    assert budget.allows(result.usage)
    assert result.error is None and (result.answer is not None or not found)


@settings(max_examples=32)
@given(spelled=st.sampled_from(SPELLED), life=st.integers(2, 40), tokens=st.integers(300, 1500))
def test_a_killed_run_repeats_nothing_and_ends_alike(
    lab: Any, spelled: str, life: int, tokens: int
) -> None:
    budget = Budget(tokens=tokens)
    whole = solved(lab, spelled, budget=budget)
    book = lab.MortalJournal(job="lab", life=life)
    try:
        solved(lab, spelled, budget=budget, journal=book)
    except LedgerError:
        resumed = lab.again(book)
        again = solved(lab, spelled, budget=budget, journal=resumed)
        assert (again.answer, again.usage) == (whole.answer, whole.usage)
        keys = [row.key for row in lab.rows(resumed, IntentRow)]
        finished = {row.key for row in book.rows if hasattr(row, "content") and hasattr(row, "key")}
        assert not finished & set(keys[len(lab.rows(book, IntentRow)) :])


@pytest.mark.parametrize("spelled", SPELLED + TIMED)
def test_every_strategy_has_a_dry_run_and_a_spelling(lab: Any, spelled: str) -> None:
    strategy = parse_strategy(spelled)
    session = lab.session(lab.words(say))
    told = lab.run(estimate(lab.problem, strategy, session))
    assert told.worst.tokens > 0 and parse_strategy(spell_strategy(strategy)).parameters == (
        strategy.parameters
    )


@pytest.mark.parametrize(
    "spelled", [s for s in SPELLED if getattr(parse_strategy(s), "bounded", 0)]
)
def test_no_run_costs_more_than_its_bound(lab: Any, spelled: str) -> None:
    bound = lab.run(
        estimate(
            lab.problem,
            parse_strategy(spelled),
            lab.session(lab.words(say), sampling=Sampling(max_tokens=24)),
        )
    )
    for seed in range(4):
        usage = solved(lab, spelled, seed=seed).usage
        assert usage.tokens <= bound.worst.tokens and usage.calls <= bound.worst.calls
