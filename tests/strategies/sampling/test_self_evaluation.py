"""The model's own marks, of the result and of the process."""

from __future__ import annotations

from typing import Any

import pytest

from tts.strategies.sampling.self_evaluation import SelfEvaluation, read_mark


def model(lab: Any, marks: list[str]) -> Any:
    def say(messages: Any, _: Any, index: int) -> str:
        asked = messages[-1].content
        if "surely right" not in asked:
            return f"first\n\nthen \\boxed{{{index}}}"
        return marks[int(asked.split("\\boxed{")[1][0])]

    return lab.words(say)


def test_the_best_marked_draw_wins(lab: Any) -> None:
    words = model(lab, ["Rating: 3", "Rating: 9", "Rating: 5"])
    result = lab.run(lab.solve(SelfEvaluation(n=3), words))
    assert result.answer == "1" and result.spend["judge"].calls == 3


def test_an_unreadable_mark_is_unknown_and_not_zero(lab: Any) -> None:
    words = model(lab, ["hard to say", "Rating: 0", "hard to say"])
    assert lab.run(lab.solve(SelfEvaluation(n=3), words)).answer == "1"
    words = model(lab, ["hard to say"] * 3)
    assert lab.run(lab.solve(SelfEvaluation(n=3), words)).answer == "0"


def test_a_process_is_as_good_as_its_worst_step(lab: Any) -> None:
    words = model(lab, ["Step 1: 9\nStep 2: 2", "Step 1: 6\nStep 2: 6"])
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
