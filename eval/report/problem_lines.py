"""The table of problems."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from tts.eval.report.attempt import Attempt
from tts.eval.report.problem_line import Cell, ProblemLine
from tts.values import NOTHING, Problem


def problem_lines(
    problems: Sequence[Problem], groups: Sequence[Sequence[Attempt]]
) -> tuple[ProblemLine, ...]:
    """One line per problem, one cell per group of runs."""
    tables = [_by_problem(group) for group in groups]
    return tuple(
        ProblemLine(
            problem_id=problem.id,
            prompt=problem.prompt,
            reference=problem.answer,
            difficulty_bin=problem.difficulty_bin,
            cells=tuple(_cell(table.get(problem.id, [])) for table in tables),
        )
        for problem in problems
    )


def _by_problem(group: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    table: dict[str, list[Attempt]] = {}
    for attempt in sorted(group, key=lambda one: one.replicate):
        table.setdefault(attempt.problem_id, []).append(attempt)
    return table


def _cell(runs: Sequence[Attempt]) -> Cell | None:
    if not runs:
        return None
    return Cell(
        correct=sum(run.grade.correct is True for run in runs),
        graded=sum(run.grade.correct is not None for run in runs),
        runs=len(runs),
        answer=runs[0].answer,
        reason=runs[0].grade.reason,
        stopped_by=runs[0].stopped_by,
        error=next((run.error for run in runs if run.error is not None), None),
        attributed=reduce(add, (run.attributed for run in runs), NOTHING),
    )
