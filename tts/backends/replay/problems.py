"""The problems behind recorded samples."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tts.backends.replay.read import models, sample_rows, split_source
from tts.backends.replay.row import SampleRow
from tts.errors import BadInput
from tts.values import Problem

_LEVEL = re.compile(r"(?:Level )?([1-5])")


def replay_problems(source: str | Path, *, asked: str = "", task: str = "math") -> list[Problem]:
    """The problems of `FILE` or `FILE#MODEL`, in the order of their first row.

    Where the source names no model and `asked`, the model that will answer, is a recording in the
    same file, the problems are those of that model's rows: texts and references may differ between
    models. Otherwise they have to agree; `BadInput` where they do not.
    """
    path, model = split_source(str(source))
    if model is None and asked.startswith("replay:"):
        recording, named = split_source(asked)
        model = named if recording == path else None
    rows = sample_rows(path, model)
    if len(models(rows)) > 1:
        _agree(path, rows)
    by_problem: dict[str, list[SampleRow]] = defaultdict(list)
    for row in rows:
        by_problem[row.problem_id].append(row)
    return [_problem(group, task) for group in by_problem.values()]


def _problem(rows: Sequence[SampleRow], task: str) -> Problem:
    level = _LEVEL.fullmatch(_first(row.level for row in rows) or "")
    return Problem(
        id=rows[0].problem_id,
        prompt=_first(row.problem for row in rows) or "",
        answer=_first(row.reference for row in rows),
        task=task,
        difficulty_bin=int(level[1]) if level else None,
        metadata={"dataset": rows[0].dataset},
    )


def _first(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text), None)


def _agree(path: Path, rows: Sequence[SampleRow]) -> None:
    """Raise where models were asked other texts, or graded by other references, for one id."""
    told: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        told[row.problem_id] |= {("text", row.problem or ""), ("reference", row.reference or "")}
    several = [
        problem_id
        for problem_id, facts in told.items()
        if len({kind for kind, value in facts if value}) < len([v for _, v in facts if v])
    ]
    if several:
        names = models(rows)
        raise BadInput(
            f"{path}: {len(several)} problems, {several[0]!r} first, have other texts or references"
            f" in the rows of other models: name one, as in 'replay:{path}#{names[0]}'. They are:"
            f" {', '.join(names)}."
        )
