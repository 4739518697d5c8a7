"""The answers of a recorded run beside the reference and beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from pathlib import Path

from msgspec.structs import replace

from tts.answers import TASKS
from tts.answers.vote import AnswerClass, vote
from tts.eval.attempts import Comparer, Grade, grade, grade_result
from tts.eval.grading import grading
from tts.eval.trace.trace import Ballot, Judged, Trace, TraceNode
from tts.values import Problem, Result


async def judged(trace: Trace, result: Result | None, ledger: str | Path) -> Trace:
    """The trace with its grade and the tally of its votes; as it is where it has not ended.
    Programs have the verdicts that are kept beside the ledger."""
    if result is None:
        return trace
    problem = trace.problem or Problem(id=trace.run.problem_id, prompt="")
    voters = [node for node in trace.nodes() if node.answer is not None and node.fate in ENDED]
    async with grading(ledger) as equivalence:
        kind = TASKS[problem.task].answers if problem.task in TASKS else "any"
        found = await vote(
            [node.answer for node in voters], [1.0] * len(voters), equivalence.of(kind)
        )
        tally = [await _ballot(one, voters, problem, equivalence) for one in found.classes]
        verdict = await grade_result(result, problem, equivalence)
    ordered = sorted(tally, key=lambda one: (-one.votes, -(one.score or 0.0)))
    return replace(trace, judged=Judged(grade=verdict, tally=tuple(ordered)))


ENDED = ("chosen", "finished")
"""What votes: a draw that was cut does not."""


async def _ballot(
    found: AnswerClass, voters: Sequence[TraceNode], problem: Problem, equivalence: Comparer
) -> Ballot:
    scores = [value for at in found.members if (value := voters[at].value) is not None]
    verdict: Grade = await grade(found.answer, problem, equivalence)
    return Ballot(
        answer=found.answer,
        votes=found.count,
        score=fsum(scores) if len(scores) == found.count else None,
        best=max(scores, default=None),
        right=None if verdict.reason == "undecided" else verdict.correct,
    )
