"""Budget forcing: early ends ignored, late ones cut, two budgets kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from tts.strategies.revision.budget_forcing import BudgetForcing
from tts.values import Budget, Sampling

THOUGHTS = ["a a a </think>", "b b b </think>", "c c c </think>"]


def thinker(messages: Any, prefix: str, _: int) -> str:
    """Ends its thoughts after three words each time; answers with how often it waited."""
    if "</think>" in prefix:
        return f"\\boxed{{{prefix.count('Wait')}}}"
    if prefix.endswith("\\boxed{"):
        return "5}"
    return THOUGHTS[prefix.count("Wait")]


def solved(lab: Any, strategy: Any, script: Any = thinker, **how: Any) -> tuple[Any, Any]:
    model = lab.words(script)
    result = lab.run(lab.solve(strategy, model, sampling=Sampling(max_tokens=20), **how))
    return result, model


@pytest.mark.parametrize("waits", [0, 1, 2])
def test_ends_of_thinking_are_ignored_as_often_as_asked(lab: Any, waits: int) -> None:
    result, _ = solved(lab, BudgetForcing(waits=waits))
    assert result.answer == str(waits)


def test_an_ignored_end_leaves_no_mark_in_the_text_that_goes_on(lab: Any) -> None:
    _, model = solved(lab, BudgetForcing(waits=2))
    assert model.requests[2].prefix == "a a a\n\nWait b b b\n\nWait" or (
        model.requests[2].prefix.count("Wait") == 2 and "</think>" not in model.requests[2].prefix
    )
    assert model.requests[-1].prefix.count("</think>") == 1


def test_thinking_stops_once_the_floor_is_reached(lab: Any) -> None:
    assert solved(lab, BudgetForcing(least=7, waits=9))[0].answer == "1"
    assert solved(lab, BudgetForcing(least=3, waits=9))[0].answer == "0"


def test_thinking_is_cut_at_the_ceiling_and_the_answer_has_its_own_budget(lab: Any) -> None:
    def endless(messages: Any, prefix: str, _: int) -> str:
        return "\\boxed{6}" if "</think>" in prefix else "so " * 50

    result, model = solved(lab, BudgetForcing(most=8, answer_tokens=4), endless)
    assert result.answer == "6"
    assert [request.sampling.max_tokens for request in model.requests] == [8, 4]
    assert model.requests[1].sampling.temperature == 0


def test_truncated_thoughts_do_not_count_as_finished(lab: Any) -> None:
    def endless(messages: Any, prefix: str, _: int) -> str:
        return "6}" if prefix.endswith("\\boxed{") else "so \\boxed{1} so so so so so so so"

    strategy = BudgetForcing(most=4, thinking_end="")
    result, model = solved(lab, strategy, endless)
    assert result.answer == "6" and len(model.requests) == 2


def test_a_model_without_marked_thoughts_is_made_to_think_on(lab: Any) -> None:
    def plain(messages: Any, prefix: str, _: int) -> str:
        return "so \\boxed{2}" if "Wait" in prefix else "so \\boxed{1}"

    assert solved(lab, BudgetForcing(thinking_end=""), plain)[0].answer == "2"


def test_a_budget_is_kept(lab: Any) -> None:
    budget = Budget(tokens=120)
    result, _ = solved(lab, BudgetForcing(waits=2), budget=budget)
    assert budget.allows(result.usage)


@pytest.mark.parametrize("wrong", [{"least": 9, "most": 3}, {"waits": -1}, {"most": 0}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        BudgetForcing(**wrong)
