"""Law 1: the same seed gives the same result and the same attributed use, whatever the timing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.strategies import BestOfN, MajorityVote, WeightedBestOfN
from tts.values import Budget, NodeEvent

LINES = [f"{'so ' * (i % 7)}\\boxed{{{i % 3}}}" for i in range(16)]
METHODS = [MajorityVote(n=8), BestOfN(n=8), WeightedBestOfN(n=8)]
budgets = st.one_of(
    st.none(),
    st.integers(90, 400).map(lambda tokens: Budget(tokens=tokens)),
    st.integers(2, 14).map(lambda calls: Budget(calls=calls)),
)


def seen(result: Any) -> Any:
    kept = [(entry.candidate.key, entry.score) for entry in result.candidates]
    return result.answer, result.stopped_by, result.usage, kept


@settings(max_examples=25)
@given(
    budget=budgets,
    method=st.sampled_from(METHODS),
    shuffles=st.tuples(st.integers(0, 99), st.integers(0, 99)),
)
def test_interleaving_changes_neither_the_answer_nor_the_attributed_use(
    lab: Any, budget: Budget | None, method: Any, shuffles: tuple[int, int]
) -> None:
    def score(_: Any, steps: Any, place: int) -> float:
        return len(steps[place]) % 10 / 10

    results = [
        lab.run(
            lab.solve(
                method, lab.Slow(lab.scripted(LINES), shuffle=shuffle), budget=budget, scores=score
            )
        )
        for shuffle in shuffles
    ]
    assert seen(results[0]) == seen(results[1])
    assert budget is None or budget.allows(results[0].usage)


def grown(lab: Any, shape: int, pace: int) -> Any:
    """A strategy of random shape over calls of random worst, real cost and time."""

    def tool(ordinal: int) -> Any:
        return lab.Tool(
            f"t{ordinal}",
            most=Random(f"m{shape}{ordinal}").randint(10, 20),
            cost=Random(f"c{shape}{ordinal}").randint(0, 10),
            seconds=lambda *_: Random(f"s{pace}{ordinal}").random(),
        )

    async def solve(problem: Any, run: Any) -> None:
        dice, nodes = Random(shape), []
        for ordinal in range(24):
            inputs = dice.sample(nodes, min(len(nodes), dice.randrange(3)))
            nodes.append(run.call(tool(ordinal), ordinal, *inputs))
            if dice.random() < 0.2:
                await run.all(dice.sample(nodes, min(len(nodes), 2)))
        await run.all(nodes)

    return solve


@settings(max_examples=60)
@given(
    shape=st.integers(0, 10**6),
    paces=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    tokens=st.integers(20, 300),
)
def test_which_calls_a_budget_refuses_does_not_depend_on_timing(
    lab: Any, shape: int, paces: tuple[int, int], tokens: int
) -> None:
    ends = []
    for pace in paces:
        states: dict[str, str] = {}

        def observe(event: Any, states: dict[str, str] = states) -> None:
            if isinstance(event, NodeEvent) and event.state in ("finished", "refused"):
                states[event.node] = event.state

        result = lab.run(
            lab.solve(grown(lab, shape, pace), budget=Budget(tokens=tokens + 90), observe=observe)
        )
        ends.append((states, result.usage, result.stopped_by))
    assert ends[0] == ends[1]
    assert ends[0][1].tokens <= tokens + 90


def test_draws_found_in_the_journal_are_admitted_as_if_they_were_made(lab: Any) -> None:
    from tts.ledger import MemoryJournal

    def run(journal: Any, n: int) -> Any:
        slow = lab.Slow(lab.scripted(LINES))
        return lab.run(lab.solve(BestOfN(n=n), slow, budget=Budget(tokens=220), journal=journal))

    alone, book = run(MemoryJournal(job="lab"), 12), MemoryJournal(job="lab")
    lab.run(lab.solve(MajorityVote(n=16), lab.scripted(LINES), journal=book))
    assert seen(run(lab.again(book), 12)) == seen(alone)


@pytest.mark.parametrize("pace", range(4))
def test_randomness_of_a_run_depends_on_problem_seed_and_path_alone(lab: Any, pace: int) -> None:
    async def child(*, run: Any) -> float:
        return float(run.rng.random())

    async def solve(problem: Any, run: Any) -> None:
        await run.sample(problem)[0]
        drawn = [float(run.rng.random()), await run.spawn(child), await run.spawn(child)]
        figures.append(drawn)

    figures: list[Any] = []
    for shuffle in (0, pace):
        lab.run(lab.solve(solve, lab.Slow(lab.scripted(LINES), shuffle=shuffle)))
    assert figures[0] == figures[1] and len(set(figures[0])) == 3
