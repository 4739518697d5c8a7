from __future__ import annotations

import pytest

from tts.equivalence import Equivalence, Verdict
from tts.eval.attempts import Grade, GradeReason, grade, grade_result
from tts.values import NOTHING, AnswerKind, Problem, Result, StoppedBy

PROBLEM = Problem(id="p", prompt="1 + 1?", answer="2")


class Exact:
    """Compares as strings; a question mark is beyond it."""

    def of(self, kind: AnswerKind) -> Exact:
        return self

    async def compare(self, a: str, b: str) -> Verdict:
        if a == "?":
            return "undecided"
        return "same" if a == b else "different"


def ended(stopped_by: StoppedBy, answer: str | None, error: str | None = None) -> Result:
    return Result(
        problem_id="p", answer=answer, candidate=None, candidates=(), usage=NOTHING,
        billed=NOTHING, stopped_by=stopped_by, error=error,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        ("2", True, "same"),
        ("3", False, "different"),
        ("?", False, "undecided"),
        (None, False, "no_answer"),
    ],
)
async def test_an_answer_is_graded_by_equivalence(
    answer: str | None, correct: bool, reason: GradeReason
) -> None:
    assert await grade(answer, PROBLEM, Exact()) == Grade(correct, reason)


async def test_without_a_reference_nothing_is_right_or_wrong() -> None:
    assert (await grade("2", Problem(id="p", prompt="q"), Exact())).correct is None


@pytest.mark.parametrize("stopped_by", ["failed", "suspended"])
async def test_an_unfinished_run_is_not_a_wrong_answer(stopped_by: StoppedBy) -> None:
    assert await grade_result(ended(stopped_by, "2"), PROBLEM, Exact()) == Grade(
        None, "failed" if stopped_by == "failed" else "suspended"
    )


@pytest.mark.parametrize("stopped_by", ["done", "budget", "deadline"])
async def test_a_run_that_ended_with_an_answer_is_graded(stopped_by: StoppedBy) -> None:
    assert (await grade_result(ended(stopped_by, "2"), PROBLEM, Exact())).correct is True


async def test_mathematics_decides_what_is_equal() -> None:
    half = Problem(id="p", prompt="1/2?", answer=r"\frac{1}{2}")
    async with Equivalence() as equivalence:
        assert (await grade("0.5", half, equivalence)).correct is True
        assert (await grade("0.4", half, equivalence)).correct is False


@pytest.mark.parametrize(
    ("task", "answer", "reference", "correct"),
    [
        ("plain", "Kyoto", "Tokyo", False),
        ("math", "Kyoto", "Tokyo", False),
        ("plain", "the Nile", "Nile", True),
        ("plain", "ba", "ab", False),
        ("math", "yx", "xy", True),
        ("choice", "C", "(C)", True),
        ("a task of one's own", "Kyoto", "Tokyo", False),
    ],
)
async def test_a_task_says_how_its_answers_are_compared(
    task: str, answer: str, reference: str, correct: bool
) -> None:
    problem = Problem(id="p", prompt="?", answer=reference, task=task)
    async with Equivalence(seconds=30) as equivalence:
        assert (await grade(answer, problem, equivalence)).correct is correct
