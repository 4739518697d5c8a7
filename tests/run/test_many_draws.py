"""More draws than a budget could ever pay for are not even submitted."""

from __future__ import annotations

from typing import Any

import pytest

from tts.strategies import BestOfN, MajorityVote
from tts.values import Budget

MANY = 1_000_000_000
"""As many nodes would fill the memory of any machine."""


def says(lab: Any) -> Any:
    return lab.words(lambda messages, prefix, index: f"{index} \\boxed{{{index % 3}}}")


@pytest.mark.parametrize("strategy", [BestOfN, MajorityVote])
@pytest.mark.parametrize(
    "budget", [Budget(tokens=400), Budget(calls=20), Budget(calls=9, tokens=300)]
)
def test_what_a_budget_refuses_anyhow_changes_nothing_and_costs_nothing(
    lab: Any, strategy: Any, budget: Budget
) -> None:
    enough = lab.run(lab.solve(strategy(n=500), says(lab), budget=budget))
    many = lab.run(lab.solve(strategy(n=MANY), says(lab), budget=budget))
    assert many.stopped_by == "budget"
    assert (many.answer, many.usage, many.missing, len(many.candidates)) == (
        enough.answer,
        enough.usage,
        enough.missing,
        len(enough.candidates),
    )


def test_as_many_draws_as_there_is_room_for_are_all_made(lab: Any) -> None:
    result = lab.run(lab.solve(MajorityVote(n=20), says(lab), budget=Budget(calls=21)))
    assert (result.stopped_by, len(result.candidates)) == ("done", 20)


def test_few_draws_are_submitted_whatever_a_budget_pays_for(lab: Any) -> None:
    submitted: list[int] = []

    async def solve(problem: Any, run: Any) -> Any:
        submitted.append(len(run.sample(problem, n=1000)))

    lab.run(lab.solve(solve, says(lab), budget=Budget(calls=4)))
    assert submitted == [1000]


def test_a_child_with_a_share_submits_what_its_share_has_room_for(lab: Any) -> None:
    submitted: list[int] = []

    async def inside(run: Any) -> Any:
        drafts = run.sample(lab.problem, n=MANY)
        submitted.append(len(drafts))
        return await drafts[0]

    async def solve(problem: Any, run: Any) -> Any:
        return await run.spawn(inside, share=0.5)

    lab.run(lab.solve(solve, says(lab), budget=Budget(calls=4001)))
    assert 1025 <= submitted[0] <= 2001
