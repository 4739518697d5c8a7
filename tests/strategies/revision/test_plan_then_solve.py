"""Plan, then solve: approaches keep the draws apart."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tts.strategies.revision.plan_then_solve import FOLLOW, PlanThenSolve


def model(lab: Any, plan: str) -> Any:
    def say(messages: Any, *_: Any) -> str:
        asked = messages[-1].content
        if "numbered list" in asked:
            return plan
        return "\\boxed{1}" if "by parts" in asked else "\\boxed{2}"

    return lab.words(say)


def test_the_draws_are_split_evenly_over_the_approaches(lab: Any) -> None:
    words = model(lab, "1. by parts\n2) by cases\n3. by induction\n4. by magic")
    result = lab.run(lab.solve(PlanThenSolve(n=7, plans=3), words))
    asked = [r.messages[-1].content.split(FOLLOW)[-1].strip() for r in words.requests[1:]]
    assert [asked.count(text) for text in ("by parts", "by cases", "by induction")] == [3, 2, 2]
    assert result.answer == "2" and result.spend["plan"].calls == 1


def test_an_unreadable_plan_leaves_plain_sampling(lab: Any) -> None:
    words = model(lab, "I would just try.")
    result = lab.run(lab.solve(PlanThenSolve(n=4, plans=2), words))
    assert result.answer == "2" and result.spend["sample"].calls == 4
    assert all(FOLLOW not in request.messages[-1].content for request in words.requests)


def test_braces_and_dollars_in_a_plan_are_not_filled_in(lab: Any) -> None:
    words = model(lab, "1. use {plans} and $1 by parts")
    lab.run(lab.solve(PlanThenSolve(n=1, plans=1), words))
    assert words.requests[1].messages[-1].content.endswith("use {plans} and $1 by parts")


def test_roles_alternate(lab: Any) -> None:
    words = model(lab, "1. by parts")
    lab.run(lab.solve(PlanThenSolve(n=2, plans=2), words))
    roles = [[turn.role for turn in request.messages] for request in words.requests]
    assert all(a != b for turns in roles for a, b in pairwise(turns))
