"""A dry run tells how many calls follow one another, and reads none of the texts it makes up."""

from __future__ import annotations

from typing import Any

import pytest

from tts.engine import parse_strategy
from tts.engine.estimate import Estimate, estimate
from tts.values import Sampling

ROUNDS = 5


def dry(lab: Any, strategy: Any, model: Any = None) -> Estimate:
    session = lab.session(
        model or lab.words(lambda *_: "\\boxed{1}"),
        scores=lambda *_: 0.5,
        sampling=Sampling(max_tokens=20),
    )
    found: Estimate = lab.run(estimate(lab.problem, strategy, session))
    return found


@pytest.mark.parametrize(
    ("spelt", "depth"),
    [
        ("single", 1),
        ("best_of_n(n=6)", 2),
        (f"beam_search(n=6, branching=2, rounds={ROUNDS})", 2 * ROUNDS),
        (f"rebase(n=6, rounds={ROUNDS})", 2 * ROUNDS),
        (f"dvts(n=6, branching=2, rounds={ROUNDS})", 2 * ROUNDS),
        (f"lookahead_search(n=6, branching=2, rounds={ROUNDS})", 3 * ROUNDS - 1),
        (f"lookahead_search(n=6, branching=2, rounds={ROUNDS}, lookahead=3)", 5 * ROUNDS - 3),
        (f"particle_filtering(n=6, rounds={ROUNDS})", 2 * ROUNDS),
    ],
)
def test_the_depth_is_that_of_the_calls_which_wait_for_one_another(
    lab: Any, spelt: str, depth: int
) -> None:
    assert dry(lab, parse_strategy(spelt)).depth == depth


def test_calls_beside_each_other_are_no_chain(lab: Any) -> None:
    async def pairs(problem: Any, run: Any) -> Any:
        one, two = run.sample(problem, n=2)
        await one
        later = run.sample(problem, n=3)
        await run.all([two, *later])

    calls = dry(lab, lab.Told(pairs)).calls
    assert [call.depth for call in calls] == [1, 1, 2, 2, 2]


def test_a_child_runs_depth_counts_where_it_is_awaited_only(lab: Any) -> None:
    async def child(problem: Any, *, run: Any) -> Any:
        await run.sample(problem)[0]
        return await run.sample(problem)[0]

    async def parent(problem: Any, run: Any) -> Any:
        grown = [run.spawn(child, problem) for _ in range(3)]
        beside = run.sample(problem)[0]
        await run.all(grown)
        await run.sample(problem)[0]
        await beside

    calls = dry(lab, lab.Told(parent)).calls
    assert max(call.depth for call in calls) == 3
    assert sum(call.depth == 1 for call in calls) == 4


def test_a_chain_of_nodes_counts_without_an_await(lab: Any) -> None:
    async def chained(problem: Any, run: Any) -> Any:
        node = run.sample(problem)[0]
        for _ in range(3):
            [node] = run.sample(node, until="step")
        await node

    assert dry(lab, lab.Told(chained)).depth == 4


def test_no_pretended_text_is_counted_by_a_tokenizer(lab: Any) -> None:
    model = lab.words(lambda *_: "\\boxed{1}")
    prefixes: list[str] = []
    count = model.count_prompt

    def heard(messages: Any, prefix: str) -> int:
        prefixes.append(prefix)
        counted: int = count(messages, prefix)
        return counted

    model.count_prompt = heard
    dry(lab, parse_strategy("lookahead_search(n=6, branching=2, rounds=5)"), model)
    assert prefixes and not any(prefixes)
