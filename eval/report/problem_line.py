"""One problem across all rows of a report."""

from __future__ import annotations

from msgspec import Struct

from tts.values import StoppedBy, Usage


class Cell(Struct, frozen=True, kw_only=True):
    """How one row fared on one problem, its repeats together."""

    correct: int
    graded: int
    runs: int
    answer: str | None
    """Of the first run."""
    reason: str
    """The first run's grade in a word."""
    stopped_by: StoppedBy
    """Of the first run."""
    error: str | None = None
    """Why the first run that has no answer has none."""
    attributed: Usage
    """Of all the runs."""


class ProblemLine(Struct, frozen=True, kw_only=True):
    """A problem and its cells, one per row of the report; None where a row did not run it."""

    problem_id: str
    prompt: str
    reference: str | None
    difficulty_bin: int | None
    cells: tuple[Cell | None, ...]
