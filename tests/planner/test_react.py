"""The sequential baseline, and strategies inside a plan."""

from __future__ import annotations

from typing import Any

from tts.engine import parse_strategy
from tts.planner import PlanSettings, PlanStrategy, ReAct


def test_react_sees_each_result_before_it_goes_on(workshop: Any, lab: Any) -> None:
    lines = iter(
        ['1. look(name="abc")', "add($1.height, 2)", "2. add($1.height, 2)", "answer = $3"]
    )
    strategy = ReAct(workshop.tools())
    result = lab.run(lab.solve(strategy, lab.words(lambda *_: next(lines))))
    assert result.answer == "5.0"
    assert workshop.asked("look") == ["abc"]


def test_a_call_is_solved_by_a_strategy(workshop: Any, lab: Any) -> None:
    plan = '1. solve(question="six times seven?", strategy="majority_vote(n=2)")\nanswer = $1\n'
    settings = PlanSettings(build=parse_strategy)
    strategy = PlanStrategy(workshop.tools(), settings=settings, strategies=("majority_vote(n=2)",))

    def say(messages: Any, prefix: str, index: int) -> str:
        return plan if "calls of these tools" in messages[0].content else "\\boxed{42}"

    result = lab.run(lab.solve(strategy, lab.words(say)))
    assert result.answer == "42", result.error
    assert set(result.spend) >= {"plan", "sample"}
