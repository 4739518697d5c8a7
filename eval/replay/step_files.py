"""Files of labelled solutions with the step scores that verifiers once gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from msgspec import Struct

from tts.errors import BadInput
from tts.eval.metrics import (
    FirstErrorScore,
    LabelledSteps,
    best_first_error_score,
    step_auc,
)
from tts.eval.replay.importers.lines import is_tree
from tts.eval.replay.importers.read import numbered_lines

NONE = (None, "", "N/A", "n/a", -1)
"""How files write that every step is right."""


class StepFigures(Struct, frozen=True, kw_only=True):
    """One verifier on the solutions that it scored."""

    verifier: str
    solutions: int
    wrong: int
    """Solutions with a wrong step."""
    auc: float | None
    """Of right steps against first errors."""
    first_error: FirstErrorScore | None
    """At the threshold with the highest F1 on these very solutions: an upper bound."""
    left_out: int
    """Solutions whose scores are neither one per step nor one per line of a step."""


def step_figures(path: Path) -> list[StepFigures]:
    """The figures of every verifier of a file; raises `BadInput` where none scored anything.

    A row has `steps`, the first wrong one (`first_error`, from 1, or `human` with
    `model_output_solution_first_error_step`; none where all are right) and `prm_scores`: by
    verifier, a number per step, or the chances of wrong, neutral and right, of which the step's
    score is what is not wrong. Scores of lines count for their step by the lowest.
    """
    solutions: dict[str, list[LabelledSteps]] = {}
    left: dict[str, int] = {}
    for number, row in numbered_lines(path):
        try:
            for name, found in _scored(row):
                solutions.setdefault(name, [])
                left.setdefault(name, 0)
                if found is None:
                    left[name] += 1
                else:
                    solutions[name].append(found)
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise BadInput(f"{path}:{number}: no scored solution: {error}.") from None
    if not any(solutions.values()):
        raise BadInput(f"{path}: no solution has step scores (`prm_scores`).")
    return [_figures(name, found, left[name]) for name, found in solutions.items()]


def _figures(name: str, found: Sequence[LabelledSteps], left: int) -> StepFigures:
    wrong = sum(one.first_error is not None for one in found)
    both = 0 < wrong < len(found)
    return StepFigures(
        verifier=name,
        solutions=len(found),
        wrong=wrong,
        auc=step_auc(found),
        first_error=best_first_error_score(found) if both else None,
        left_out=left,
    )


def _scored(row: Mapping[str, Any]) -> Iterator[tuple[str, LabelledSteps | None]]:
    """Each verifier's scores of a row; None where they do not fit its steps."""
    steps, error = row["steps"], _first_error(row)
    for name, told in (row.get("prm_scores") or {}).items():
        if isinstance(told, list):
            scores = _per_step([_score(one) for one in told], steps)
            yield (
                name,
                None if scores is None else LabelledSteps(scores=scores, first_error=error),
            )


def _first_error(row: Mapping[str, Any]) -> int | None:
    told = row.get("first_error")
    if told is None:
        told = (row.get("human") or {}).get("model_output_solution_first_error_step")
    if told in NONE:
        return None
    if int(told) != float(told):
        raise ValueError(f"the first error is step {told}, which is no whole number")
    return int(told) - 1


def _score(told: Any) -> float:
    """A number, or what three chances leave beside wrong."""
    found = 1 - float(told[0]) if isinstance(told, list) else float(told)
    if not isfinite(found):
        raise ValueError(f"`prm_scores` holds {told}; it takes finite numbers")
    return found


def _per_step(scores: Sequence[float], steps: Sequence[str]) -> tuple[float, ...] | None:
    if len(scores) == len(steps):
        return tuple(scores)
    lines = [sum(1 for line in step.split("\n") if line.strip()) for step in steps]
    if len(scores) != sum(lines) or not all(lines):
        return None
    rest = iter(scores)
    return tuple(min(next(rest) for _ in range(count)) for count in lines)


def is_step_file(first: Mapping[str, Any]) -> bool:
    """Whether a row is a labelled solution rather than a draw."""
    return "steps" in first and "completion" not in first and not is_tree(first)


def first_row(path: Path) -> Mapping[str, Any]:
    """The first row of a file of lines; empty where it has none that is an object."""
    try:
        return next((row for _, row in numbered_lines(path)), {})
    except (BadInput, OSError, json.JSONDecodeError):
        return {}
