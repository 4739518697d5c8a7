"""Recorded verdicts of a reward model."""

from __future__ import annotations

from collections.abc import Iterable

from tts.backends.replay.row import SampleRow


class RecordedScores:
    """Looks up what a reward model once said of a text; raw outputs, not probabilities."""

    def __init__(self, rows: Iterable[SampleRow]) -> None:
        self._scores = {
            (row.problem_id, row.completion): row.score
            for row in rows
            if row.completion is not None
        }

    def score_of(self, problem_id: str, text: str) -> float | None:
        """The recorded score; None where there is none."""
        return self._scores.get((problem_id, text))
