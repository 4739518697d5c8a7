"""One run as a comparison records it: whether its answer is right, how it ended, what it spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal, Protocol, Self

from msgspec import Struct, field

from tts.answers import TASKS
from tts.equivalence import Verdict
from tts.protocols import Role
from tts.values import OPEN, AnswerKind, Problem, Result, StoppedBy, Usage

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

LIMITS: frozenset[StoppedBy] = frozenset({"budget", "deadline"})
"""Ends at a ceiling."""
WITHOUT: Mapping[str, str] = {
    "length": "cut at the most tokens of a draw",
    "content_filter": "withheld by a content filter",
    "refusal": "refused by the model",
    "reasoning_only": "thoughts without a text",
    "tool_calls": "a call of tools instead of a text",
}
"""Ends of a draw that leave no answer."""


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


class Attempt(Struct, frozen=True, kw_only=True):
    """One strategy on one problem under one budget: how it ended, its grade, what it spent."""

    strategy: str
    """Label of name and parameters; equal labels are one line of a figure."""
    budget: str
    """Label of the ceilings, for example `4096 tokens`."""
    problem_id: str
    grade: Grade
    answer: str | None
    attributed: Usage
    """What the run would have cost alone."""
    billed: Usage
    """What was really spent for it."""
    stopped_by: StoppedBy
    error: str | None = None
    """Why there is no grade, where a failure or an outage is to blame."""
    missing: dict[str, int] = field(default_factory=dict)
    """How many draws and verdicts never came, by reason."""
    no_answer: str = ""
    """Why a run that ended in order has no answer; empty where it has one, or did not."""
    spend: dict[Role, Usage] = field(default_factory=dict)
    """`attributed` by what the calls were for; empty where it was not recorded."""
    seconds: float | None = None
    unread_tokens: int | None = None
    """Drawn behind the lines that were read; None: unknown."""
    replicate: int = 0
    run_id: str = ""
    """Of its run in the ledger; empty: none is kept."""
    counted: bool = True
    """False: it ended ahead of its turn in a part, where what is quick ends first; it stays in
    the cost and is left out of the accuracy."""

    @property
    def ended(self) -> bool:
        """False: it is open, and the same command goes on with it."""
        return self.stopped_by not in OPEN


def no_answer(result: Result) -> str:
    """Why a run that ended in order has no answer, by the most frequent end of its draws."""
    if result.answer is not None or result.error is not None or result.stopped_by in OPEN:
        return ""
    ends = Counter(kept.candidate.finish_reason for kept in result.candidates)
    if not ends:
        return (
            f"no draw before the {result.stopped_by}" if result.stopped_by in LIMITS else "no draw"
        )
    end = ends.most_common(1)[0][0]
    return WITHOUT.get(end, "no answer could be read in the text") if end else "no draw ended"
