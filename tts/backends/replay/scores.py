"""Recorded verdicts of a reward model."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from tts.backends.replay.row import SampleRow
from tts.values import Candidate

WIDE = 16.0
"""Raw scores beyond it are scaled down to it: the logistic function tells larger ones apart no
more."""


class RecordedScores:
    """Looks up what a reward model once said of a draw, or of a text that equals a recorded one.

    Scores within 0…1 are taken as they are; raw outputs of any other range are mapped to 0…1 by
    the logistic function, which keeps their order.
    """

    def __init__(self, rows: Sequence[SampleRow]) -> None:
        self._rows = rows
        scores = [row.score for row in rows if row.score is not None]
        self.count = len(scores)
        """How many draws have a score."""
        self._unit = all(0 <= score <= 1 for score in scores)
        self._scale = max(1.0, max(map(abs, scores), default=0.0) / WIDE)
        self._by_text = {
            (row.problem_id, row.completion): row.score
            for row in rows
            if row.completion is not None and row.score is not None
        }

    def score_of(self, candidate: Candidate) -> float | None:
        """The score in 0…1; None where there is none."""
        recorded = candidate.recorded
        raw = (
            self._by_text.get((candidate.problem.id, candidate.text))
            if recorded is None
            else self._rows[recorded.row].score
        )
        if raw is None or self._unit:
            return raw
        return 1 / (1 + exp(-raw / self._scale))
