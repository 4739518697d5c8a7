"""Whether an answer is right."""

from __future__ import annotations

from typing import Literal, Protocol, Self

from msgspec import Struct

from tts.answers import TASKS
from tts.equivalence import Verdict
from tts.values import AnswerKind, Problem, Result

GradeReason = Literal[
    "same",
    "different",
    "undecided",
    "no_answer",
    "failed",
    "suspended",
    "outage",
    "no_reference",
    "recorded",
    "not_recorded",
]


class Comparer(Protocol):
    """The part of `tts.equivalence.Equivalence` that grading uses."""

    def of(self, kind: AnswerKind) -> Self: ...

    async def compare(self, a: str, b: str) -> Verdict: ...


class Grade(Struct, frozen=True):
    """A verdict on one run: right, wrong, or None where it says nothing about the answer."""

    correct: bool | None
    reason: GradeReason


async def grade(answer: str | None, problem: Problem, equivalence: Comparer) -> Grade:
    """Compare an answer with the reference, as the problem's task has it.

    No answer is a wrong one. An undecided comparison is wrong too, and `reason` tells it apart.
    Without a reference there is nothing to be right about: None.
    """
    if problem.answer is None:
        return Grade(None, "no_reference")
    if answer is None:
        return Grade(False, "no_answer")
    kind = TASKS[problem.task].answers if problem.task in TASKS else "any"
    verdict = await equivalence.of(kind).compare(answer, problem.answer)
    return Grade(verdict == "same", verdict)


async def grade_result(result: Result, problem: Problem, equivalence: Comparer) -> Grade:
    """Grade how a run ended: a failed or an open run is not a wrong answer.

    A recorded verdict is the grade, as it was recorded; where recorded draws hold nothing to grade
    there is none.
    """
    if result.stopped_by == "suspended" or result.stopped_by == "outage":
        return Grade(None, result.stopped_by)
    if result.stopped_by == "failed" or result.error is not None:
        return Grade(None, "failed")
    if result.recorded == "unknown":
        return Grade(None, "not_recorded")
    if result.recorded is not None:
        return Grade(result.recorded == "right", "recorded")
    return await grade(result.answer, problem, equivalence)
