"""Selection by the model: listwise or as a tournament."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tts.strategies.sampling.llm_selection import LLMSelection, judgment
from tts.values import Completion


def model(lab: Any, *, favourite: int, drafts: Any = None) -> Any:
    """Draft i boxes i; a judge names the place of its favourite, else the first."""

    def say(messages: Any, _: Any, index: int) -> Any:
        asked = messages[-1].content
        if "Judgment" not in asked:
            return drafts[index] if drafts else f"\\boxed{{{index}}}"
        shown = re.findall(r"\\boxed\{(\d+)\}", asked)
        place = shown.index(str(favourite)) + 1 if str(favourite) in shown else 1
        return f"Solution 3 looks odd. Judgment: {place}"

    return lab.words(say)


@pytest.mark.parametrize(("group", "questions"), [(8, 1), (2, 7), (3, 4)])
def test_the_favourite_wins_listwise_and_in_a_tournament(
    lab: Any, group: int, questions: int
) -> None:
    strategy = LLMSelection(n=8, group=group)
    result = lab.run(lab.solve(strategy, model(lab, favourite=5)))
    assert result.answer == "5" and result.spend["judge"].calls == questions


def test_answers_that_agree_need_no_judge(lab: Any) -> None:
    words = model(lab, favourite=0, drafts=["\\boxed{1/2}", "\\boxed{\\frac{1}{2}}"])
    result = lab.run(lab.solve(LLMSelection(n=2), words))
    assert "judge" not in result.spend and result.answer in ("1/2", "\\frac{1}{2}")


def test_cut_drafts_are_not_shown_to_the_judge(lab: Any) -> None:
    cut = Completion(text="\\boxed{9}", finish_reason="length", completion_tokens=1)
    words = model(lab, favourite=9, drafts=["\\boxed{1}", cut, "\\boxed{2}"])
    result = lab.run(lab.solve(LLMSelection(n=3), words))
    assert result.answer in ("1", "2")


@pytest.mark.parametrize(
    ("verdict", "place"),
    [("Judgment: 2", 1), ("no", None), ("Judgment: 9", None), ("judgment: **1", 0)],
)
def test_a_verdict_that_names_nobody_is_none(verdict: str, place: int | None) -> None:
    assert judgment(verdict, 3) == place


def test_places_are_shuffled_by_the_runs_own_generator(lab: Any) -> None:
    orders = set()
    for seed in range(6):
        words = model(lab, favourite=0)
        lab.run(lab.solve(LLMSelection(n=4), words, replicate=seed))
        shown = words.requests[-1].messages[-1].content
        orders.add(tuple(re.findall(r"\\boxed\{(\d)\}", shown)))
    assert len(orders) > 1
