"""No report of a server is charged above what was reserved for the request."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.engine import Engine
from tts.values import Budget, Model

ASKED = 100
ABSURD = [
    {"prompt_tokens": 30, "completion_tokens": 10**9, "total_tokens": 10**9 + 30},
    {"prompt_tokens": 10**9, "completion_tokens": 10, "total_tokens": 10**9 + 10},
    {"prompt_tokens": 30, "completion_tokens": ASKED + 2, "total_tokens": ASKED + 32},
    {"prompt_tokens": 30, "completion_tokens": 10, "total_tokens": 10**9},
    {"prompt_tokens": 30, "completion_tokens_details": {"reasoning_tokens": 10**9}},
    {"prompt_tokens": [[[]]], "completion_tokens": {"a": {}}, "total_tokens": None},
]


@pytest.mark.parametrize("usage", ABSURD)
@pytest.mark.parametrize("ceiling", [{"tokens": 2000}, {"completion_tokens": 500}])
async def test_spend_stays_below_every_cap_whatever_the_server_says(
    usage: dict[str, Any], ceiling: dict[str, int]
) -> None:
    plan = FaultPlan(script=(Fault(kind="edit", fields={"usage": usage}),), repeat=True, words=20)
    async with FaultServer(plan) as server:
        generator = HTTPGenerator(Model(name="m"), base_url=server.url)
        engine = Engine(generator, sampling={"max_tokens": ASKED}, verifier=None)
        async with engine:
            result = await engine.solve(
                "What is 6 times 7?", strategy="majority_vote(n=64)", budget=Budget(**ceiling)
            )
    spent = [result.usage, result.billed]
    assert all(one.completion_tokens <= ceiling.get("completion_tokens", 2000) for one in spent)
    assert all(one.tokens <= ceiling.get("tokens", 10**5) for one in spent)
    assert result.usage.calls > 2


@pytest.mark.parametrize("told", [None, "", "new"])
async def test_an_answer_behind_an_unknown_end_votes_and_is_marked(told: Any) -> None:
    fault = Fault(kind="edit_choice", fields={"finish_reason": told})
    plan = FaultPlan(script=(fault,), repeat=True, answer=lambda *_: "So \\boxed{7}.")
    async with FaultServer(plan) as server:
        generator = HTTPGenerator(Model(name="m"), base_url=server.url)
        async with Engine(generator, verifier=None) as engine:
            result = await engine.solve("What is 3 + 4?", strategy="majority_vote(n=4)")
    assert (result.answer, result.stopped_by) == ("7", "done")
    assert {kept.candidate.finish_reason for kept in result.candidates} == {"unknown"}
