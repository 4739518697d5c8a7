"""Self-refine: feedback and revision until nothing is found."""

from __future__ import annotations

from typing import Any

import pytest

from tts.strategies.revision.self_refine import APPROVED, FEEDBACK, REVISE, SelfRefine
from tts.values import Budget


def model(lab: Any, *, feedback: str = "Step 1 is wrong.") -> Any:
    """Draft i boxes its number; feedback boxes 99, which is nobody's answer."""

    def say(messages: Any, *_: Any) -> str:
        asked = messages[-1].content
        if FEEDBACK in asked:
            return f"{feedback} \\boxed{{99}}" if "wrong" in feedback else feedback
        return f"\\boxed{{{sum(REVISE in turn.content for turn in messages)}}}"

    return lab.words(say)


def test_the_last_revision_is_the_answer(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=2), model(lab)))
    assert (result.answer, result.usage.calls) == ("2", 5)


def test_feedback_is_no_candidate_and_is_charged_as_a_judgement(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=2), model(lab)))
    assert [kept.candidate.answer for kept in result.candidates] == ["0", "1", "2"]
    assert result.spend["judge"].calls == 2 and result.spend["sample"].calls == 3


def test_approval_ends_the_rounds(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=5), model(lab, feedback="NO ERROR")))
    assert (result.answer, result.usage.calls) == ("0", 2)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("NO ERROR", True), ("**No error.**", True), ("There is no error in step 1, but", False)],
)
def test_only_a_line_that_says_so_is_an_approval(text: str, ends: bool) -> None:
    assert bool(APPROVED.search(text)) is ends


def test_a_verifier_keeps_the_right_answer_that_a_revision_loses(lab: Any) -> None:
    def score(_: Any, steps: Any, place: int) -> float:
        return 0.9 if "0" in steps[place] else 0.2

    kept = lab.solve(SelfRefine(rounds=2, select="best"), model(lab), scores=score)
    assert lab.run(kept).answer == "0"


def test_a_spent_budget_leaves_the_last_finished_solution(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=8), model(lab), budget=Budget(tokens=330)))
    assert result.stopped_by == "budget" and result.answer not in (None, "99")
    assert result.usage.tokens <= 330


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"select": "loudest"}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SelfRefine(**wrong)
