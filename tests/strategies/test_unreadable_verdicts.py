"""A verdict that cannot be read is missing, by whatever route it was asked for: it is counted, gives
nobody a score, and the draws' own vote stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.run import Verifier
from tts.values import Problem, Result
from tts.verifiers import GenPRM, Judge

PROBLEM = Problem(id="p", prompt="6 * 7?", answer="42")
DRAWS = ["so\n\n\\boxed{41}", "so\n\n\\boxed{42}", "then\n\n\\boxed{42}"]
UNREADABLE = ["Hard to say.", "Score: 11", "<think>It may be 7", ""]

OWN = [
    "llm_selection(n=3)",
    "llm_selection(n=3, group=2)",
    "self_evaluation(n=3)",
    "self_evaluation(n=3, of=process)",
    "self_evaluation(n=3, select=weighted)",
    "tree_of_thoughts(n=4, branching=2, rounds=1, judging=value)",
    "tree_of_thoughts(n=4, branching=2, rounds=1, judging=vote)",
]
"""Strategies that ask the model itself."""
CRITICISED = ["critique_and_fuse(n=3)", "self_refine"]
"""Whatever is said of these solutions is a criticism, unless nothing is."""
SCORED = [
    "best_of_n(n=3)",
    "best_of_n(n=3, stop=give_up, batch=1)",
    "optimal_stopping(n=3)",
    "pivot_tournament(n=3)",
    "until_accepted(n=3)",
    "weaver(n=3)",
    "weaver(n=3, select=best)",
    "weighted_best_of_n(n=3)",
]
"""Strategies that ask a verifier."""
JUDGES: dict[str, Callable[[Any], Verifier]] = {
    "pointwise": Judge.pointwise,
    "votes": lambda model: Judge.pointwise(model, votes=2),
    "belief": Judge.self_evaluation,
    "critique": GenPRM,
}


async def solved(strategy: str, judge: Callable[[Any], Verifier] | None, reply: str) -> Result:
    plain: list[str] = []

    def say(messages: Any, prefix: str, index: int) -> str:
        asked = "".join(turn.content for turn in messages)
        plain.append(asked)
        drawn = asked == plain[0] or "complete solution" in messages[-1].content
        return DRAWS[index % 3] if drawn else reply

    verifier = judge(ScriptedGenerator(lambda *_: reply)) if judge else None
    async with Engine(ScriptedGenerator(say), verifier=verifier) as engine:
        return await engine.solve(PROBLEM, strategy=strategy)


@pytest.mark.parametrize("strategy", OWN)
@pytest.mark.parametrize("reply", UNREADABLE)
async def test_what_the_model_says_of_its_own_draws(strategy: str, reply: str) -> None:
    held(await solved(strategy, None, reply), "42")


@pytest.mark.parametrize("strategy", CRITICISED)
async def test_a_criticism_that_says_nothing(strategy: str) -> None:
    result = await solved(strategy, None, "")
    held(result, "41")
    assert result.usage.calls <= 5, "nothing is revised for it"


ASKED = [
    (strategy, judge)
    for strategy in SCORED
    for judge in JUDGES
    if (strategy, judge) != ("pivot_tournament(n=3)", "critique")  # compares nothing
]


@pytest.mark.parametrize(("strategy", "judge"), ASKED)
async def test_what_a_verifier_says(strategy: str, judge: str) -> None:
    held(await solved(strategy, JUDGES[judge], UNREADABLE[0]), "42")


def held(result: Result, answer: str) -> None:
    assert result.stopped_by == "incomplete" and sum(result.missing.values()) >= 1
    assert all(kept.score is None for kept in result.candidates)
    assert result.answer == answer
