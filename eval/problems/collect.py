"""From rows to distinct problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tts.errors import BadInput
from tts.eval.problems.bad_row import BadRow
from tts.eval.problems.problem_set import ProblemSet, SkippedRow
from tts.eval.problems.record import problem_of
from tts.values import Problem


def collect(
    rows: Iterable[tuple[int, dict[str, Any] | BadRow]],
    *,
    source: str,
    stem: str,
    task: str,
    skip_bad: bool,
    revision: str | None = None,
) -> ProblemSet:
    """The rows as a set: ids distinct, and answers on every problem or on none.

    A bad row raises `BadInput` as `source:line: reason`, or is listed where `skip_bad` is set.
    """
    skipped: list[SkippedRow] = []
    kept: dict[str, tuple[int, Problem]] = {}
    for position, (line, row) in enumerate(rows):
        try:
            problem = _read(row, f"{stem}-{position}", task)
            if problem.id in kept:
                raise BadRow(f"the id {problem.id[:80]!r} is that of line {kept[problem.id][0]}")
            kept[problem.id] = line, problem
        except BadRow as error:
            _note(source, line, error, skipped, skip_bad)
    _drop_unanswered(source, kept, skipped, skip_bad)
    if not kept:
        raise BadInput(f"{source}:1: no problem in it{_count(skipped)}.")
    problems = tuple(problem for _, problem in kept.values())
    return ProblemSet(source=source, problems=problems, revision=revision, skipped=tuple(skipped))


def _read(row: dict[str, Any] | BadRow, default_id: str, task: str) -> Problem:
    if isinstance(row, BadRow):
        raise row
    return problem_of(row, default_id=default_id, default_task=task)


def _note(source: str, line: int, error: BadRow, skipped: list[SkippedRow], skip_bad: bool) -> None:
    if not skip_bad:
        raise BadInput(f"{source}:{line}: {error}.") from error
    skipped.append(SkippedRow(line, str(error)))


def _drop_unanswered(
    source: str, kept: dict[str, tuple[int, Problem]], skipped: list[SkippedRow], skip_bad: bool
) -> None:
    bare = [key for key, (_, problem) in kept.items() if problem.answer is None]
    if len(bare) == len(kept):
        return
    for key in bare:
        line, _ = kept.pop(key)
        _note(source, line, BadRow("no answer, where other rows have one"), skipped, skip_bad)


def _count(skipped: list[SkippedRow]) -> str:
    return f" ({len(skipped)} bad rows, the first: {skipped[0].reason})" if skipped else ""
