"""A reward model's recorded verdicts as a verifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts.errors import CallFailed, UsageError
from tts.run import Node, Run
from tts.values import Candidate, Score

Lookup = Callable[[Candidate], float | None]
"""The score of a candidate in 0…1; None where it was not recorded."""


class RecordedReward:
    """Looks scores up; free, since they were paid for when they were recorded."""

    name = "recorded"

    def __init__(self, lookup: Lookup, *, source: str) -> None:
        self.lookup, self.source = lookup, source

    @property
    def identity(self) -> Any:
        return {"recorded": self.source}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self._score, candidate)

    def _score(self, candidate: Candidate) -> Score:
        value = self.lookup(candidate)
        if value is None:
            raise CallFailed(f"No score was recorded for a draw of {candidate.problem.id!r}.")
        return Score(value=value)


class Unscored:
    """Stands where recorded samples have no scores, and says so to whoever asks for one."""

    name = "none"
    identity = None

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        raise UsageError(self.reason)
