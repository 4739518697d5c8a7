"""What an observer of a run sees, as it happens."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tts.values.candidate import Candidate
from tts.values.result import Result
from tts.values.score import Score
from tts.values.usage import Usage


class NodeEvent(Struct, frozen=True, tag="node"):
    """A node changed its state."""

    run_id: str
    node: str
    name: str
    state: Literal["submitted", "started", "finished", "failed", "refused", "dropped"]
    at: float
    """Seconds of the monotonic clock."""


class SpendEvent(Struct, frozen=True, tag="spend"):
    """A call was charged to the run."""

    run_id: str
    node: str
    attributed: Usage
    billed: Usage


class CandidateEvent(Struct, frozen=True, tag="candidate"):
    """A candidate was drawn or scored."""

    run_id: str
    candidate: Candidate
    score: Score | None


class AnswerEvent(Struct, frozen=True, tag="answer"):
    """The run ended."""

    run_id: str
    result: Result


Event = NodeEvent | SpendEvent | CandidateEvent | AnswerEvent
