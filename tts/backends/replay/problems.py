"""The problems behind recorded samples."""

from __future__ import annotations

import re
from pathlib import Path

from tts.backends.replay.row import SampleRow, sample_rows
from tts.values import Problem

_LEVEL = re.compile(r"Level ([1-5])")


def replay_problems(path: Path, *, model: str | None = None, task: str = "math") -> list[Problem]:
    """The problems of a file of recorded samples, in the order of their first row."""
    first: dict[str, SampleRow] = {}
    for row in sample_rows(path, model):
        if not first.setdefault(row.problem_id, row).problem:
            first[row.problem_id] = row
    return [_problem(row, task) for row in first.values()]


def _problem(row: SampleRow, task: str) -> Problem:
    level = _LEVEL.fullmatch(str(row.extra.get("level", "")))
    return Problem(
        id=row.problem_id,
        prompt=row.problem or "",
        answer=row.reference,
        task=task,
        difficulty_bin=int(level[1]) if level else None,
        metadata={"dataset": row.dataset},
    )
