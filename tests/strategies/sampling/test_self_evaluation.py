"""The model judges its own draws: it names the best of several, or marks each."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tts.strategies.sampling.self_evaluation import (
    LLMSelection,
    SelfEvaluation,
    judgment,
    read_mark,
)
from tts.values import Completion


def choosing_model(lab: Any, *, favourite: int, drafts: Any = None) -> Any:
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
    result = lab.run(lab.solve(strategy, choosing_model(lab, favourite=5)))
    assert result.answer == "5" and result.spend["judge"].calls == questions


def test_answers_that_agree_need_no_judge(lab: Any) -> None:
    words = choosing_model(lab, favourite=0, drafts=["\\boxed{1/2}", "\\boxed{\\frac{1}{2}}"])
    result = lab.run(lab.solve(LLMSelection(n=2), words))
    assert "judge" not in result.spend and result.answer in ("1/2", "\\frac{1}{2}")


def test_cut_drafts_are_not_shown_to_the_judge(lab: Any) -> None:
    cut = Completion(text="\\boxed{9}", finish_reason="length", completion_tokens=1)
    words = choosing_model(lab, favourite=9, drafts=["\\boxed{1}", cut, "\\boxed{2}"])
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
        words = choosing_model(lab, favourite=0)
        lab.run(lab.solve(LLMSelection(n=4), words, replicate=seed))
        shown = words.requests[-1].messages[-1].content
        orders.add(tuple(re.findall(r"\\boxed\{(\d)\}", shown)))
    assert len(orders) > 1


def marking_model(lab: Any, marks: list[str]) -> Any:
    def say(messages: Any, _: Any, index: int) -> str:
        asked = messages[-1].content
        if "surely right" not in asked:
            return f"first\n\nthen \\boxed{{{index}}}"
        return marks[int(asked.split("\\boxed{")[1][0])]

    return lab.words(say)


def test_the_best_marked_draw_wins(lab: Any) -> None:
    words = marking_model(lab, ["Rating: 3", "Rating: 9", "Rating: 5"])
    result = lab.run(lab.solve(SelfEvaluation(n=3), words))
    assert result.answer == "1" and result.spend["judge"].calls == 3


def test_an_unreadable_mark_is_unknown_and_not_zero(lab: Any) -> None:
    words = marking_model(lab, ["hard to say", "Rating: 0", "hard to say"])
    assert lab.run(lab.solve(SelfEvaluation(n=3), words)).answer == "1"
    words = marking_model(lab, ["hard to say"] * 3)
    assert lab.run(lab.solve(SelfEvaluation(n=3), words)).answer == "0"


def test_a_process_is_as_good_as_its_worst_step(lab: Any) -> None:
    words = marking_model(lab, ["Step 1: 9\nStep 2: 2", "Step 1: 6\nStep 2: 6"])
    result = lab.run(lab.solve(SelfEvaluation(n=2, of="process"), words))
    assert result.answer == "1"
    assert "Step 2: then" in words.requests[-1].messages[-1].content


@pytest.mark.parametrize(
    ("text", "value"), [("Rating: 10", 1.0), ("rating: **7.5", 0.75), ("Rating: 11", None)]
)
def test_marks_are_read_from_their_line(text: str, value: float | None) -> None:
    score = read_mark(text, "result", "min")
    assert (score.value if score else None) == value


def test_a_failed_judgement_is_no_verdict_and_loses_no_draft(lab: Any) -> None:
    from tts.errors import BadRequest
    from tts.strategies import CritiqueAndFuse, LLMSelection, PlanThenSolve, SelfRefine

    def say(messages: Any, _: Any, index: int) -> Any:
        plain = messages[-1].content == lab.problem.prompt
        return f"\\boxed{{{min(index, 1)}}}" if plain else BadRequest("too long")

    for strategy in (
        SelfEvaluation(n=3),
        LLMSelection(n=3),
        CritiqueAndFuse(n=3),
        PlanThenSolve(n=3, plans=2),
    ):
        result = lab.run(lab.solve(strategy, lab.words(say)))
        assert result.answer in ("0", "1") and result.error is None
    assert lab.run(lab.solve(SelfRefine(), lab.words(say))).answer == "0"
