"""How one run of a strategy on one problem ended, and what an observer sees until then."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from tts.values.candidate import Candidate, Score
from tts.values.usage import Usage

StoppedBy = Literal["done", "incomplete", "budget", "deadline", "suspended", "outage", "failed"]
"""done: every draw asked for came; incomplete: it ended by itself and some did not, see `missing`;
budget, deadline: a ceiling; suspended: the job's wallet ended or somebody interrupted; outage: an
error that passes outlasted its retries; failed: there is no answer, for a reason that stays."""

OPEN: frozenset[StoppedBy] = frozenset({"suspended", "outage"})
"""What leaves a run open: it is not stored as ended, and the same command goes on with it."""

RecordedVerdict = Literal["right", "wrong", "unknown"]
"""What was recorded of a replayed answer; `unknown`: nothing that could be graded."""


class Kept(Struct, frozen=True):
    """A candidate that the run saw, with its score where a verifier gave one."""

    candidate: Candidate
    score: Score | None = None


class Result(Struct, frozen=True, kw_only=True):
    """The best answer of a run and what it took."""

    problem_id: str
    answer: str | None
    """None: no candidate held an answer."""
    candidate: Candidate | None
    candidates: tuple[Kept, ...]
    usage: Usage
    """Attributed: what this run would have cost alone."""
    billed: Usage
    """What was really spent for this run, now; calls found in the ledger cost nothing."""
    stopped_by: StoppedBy
    error: str | None = None
    """Why the run failed, where it did: an errored run is not a wrong answer."""
    missing: dict[str, int] = field(default_factory=dict)
    """How many of its calls failed for good, by reason: draws and verdicts that never came."""
    spend: dict[str, Usage] = field(default_factory=dict)
    """`usage` by what the calls were for: sample, verify, judge, …"""
    seconds: float = 0.0
    run_id: str = ""
    recorded: RecordedVerdict | None = None
    """For graders: the verdict on the chosen recorded draw; None: compare the answer."""


class NodeEvent(Struct, frozen=True, tag="node", gc=False):
    """A node changed its state."""

    run_id: str
    node: str
    name: str
    state: Literal["submitted", "started", "finished", "failed", "refused", "dropped"]
    at: float
    """Seconds of the monotonic clock."""


class SpendEvent(Struct, frozen=True, tag="spend", gc=False):
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
