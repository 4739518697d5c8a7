"""Solutions and how good they are found, how a run ended, and what an observer sees until then."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from tts.values.generation import FinishReason, Message, Problem, Recording, ToolCall
from tts.values.notebook import data_frame, html_table, shown
from tts.values.usage import NOTHING, Usage

STEP_SEPARATOR = "\n\n"


def split_steps(text: str, separator: str = STEP_SEPARATOR) -> tuple[str, ...]:
    """The non-empty steps of a text; separators at either end or in a row make no empty step."""
    return tuple(step for step in (part.strip() for part in text.split(separator)) if step)


class Candidate(Struct, frozen=True, kw_only=True):
    """A whole or partial solution: it knows its problem, its parent and whether it is final."""

    problem: Problem
    text: str
    """The whole text so far, ancestors included."""
    key: str
    """Key of the call that drew it: two draws with equal text stay two candidates."""
    parent: Candidate | None = None
    final: bool = False
    """Ended by itself: a truncated text is never final."""
    answer: str | None = None
    """The extracted answer, None where there is none."""
    finish_reason: FinishReason | None = None
    completion_tokens: int = 0
    """Tokens of the whole text so far."""
    messages: tuple[Message, ...] = ()
    """The conversation it was drawn from, where that was not the task's own prompt."""
    mean_logprob: float | None = None
    """Mean log-probability of the tokens drawn last, where the backend reports it."""
    confidences: tuple[float, ...] = ()
    """`TokenLogprob.confidence` of the tokens drawn last, where alternatives were asked for."""
    tool_calls: tuple[ToolCall, ...] = ()
    """What the model wants to be called; `answer` then words them."""
    recorded: Recording | None = None
    """The recorded sample that it is, where it was not drawn now."""
    unread_tokens: int | None = None
    """Of the tokens drawn last, those behind the line that was read; None: nobody reads lines."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of the whole text."""
        return split_steps(self.text)

    @property
    def delta(self) -> str:
        """What this candidate added to its parent."""
        return self.text[len(self.parent.text) :] if self.parent else self.text

    @property
    def depth(self) -> int:
        """How many draws lie behind this one."""
        return self.parent.depth + 1 if self.parent else 0


class Score(Struct, frozen=True, kw_only=True):
    """A verdict between 0 (bad) and 1 (good); process verifiers fill `steps` as well."""

    value: float
    steps: tuple[float, ...] = ()
    degraded: bool = False
    """The text did not fit the verifier as a whole; the verdict rests on a part of it."""

    def __post_init__(self) -> None:
        if not all(0.0 <= value <= 1.0 for value in (self.value, *self.steps)):
            raise ValueError(f"A score lies between 0 and 1, not {self.value!r} {self.steps!r}.")


class Scored(Struct, frozen=True):
    """A candidate with its score."""

    candidate: Candidate
    score: Score


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


class Reason(Struct, frozen=True):
    """Why a strategy spent what it did next: a sentence, and the figures that it rests on."""

    said: str
    facts: dict[str, Any] = field(default_factory=dict)


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
    """What was really spent for this run, now; calls found in the ledger cost nothing. Of a result
    that is read from a ledger: what all processes spent for it."""
    billed_before: Usage = NOTHING
    """What earlier processes had spent for the same run, where they were stopped."""
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
    reasons: tuple[Reason, ...] = ()
    """Why this problem got this spend, where the strategy decides that as it goes."""
    unread_tokens: int | None = None
    """Completion tokens drawn behind the lines that were read, in all its calls; None: unknown."""

    @property
    def billed_in_all(self) -> Usage:
        """What all processes spent for this run."""
        return self.billed + self.billed_before

    @property
    def explanation(self) -> str:
        """The reasons as one paragraph; empty where the strategy gave none."""
        if not self.reasons:
            return ""
        told = " ".join(reason.said for reason in self.reasons)
        return f"{told} In all {self.usage.calls} calls and {self.usage.tokens:,} tokens."

    def records(self) -> list[dict[str, Any]]:
        """What the run saw, one record for each candidate, in its order."""
        chosen = self.candidate.key if self.candidate else ""
        return [
            {
                "chosen": one.candidate.key == chosen,
                "answer": one.candidate.answer,
                "score": one.score.value if one.score else None,
                "steps": list(one.score.steps) if one.score else [],
                "final": one.candidate.final,
                "finish_reason": one.candidate.finish_reason,
                "completion_tokens": one.candidate.completion_tokens,
                "text": one.candidate.text,
                "key": one.candidate.key,
                "parent": one.candidate.parent.key if one.candidate.parent else None,
            }
            for one in self.candidates
        ]

    def to_pandas(self) -> Any:
        """The candidates as a pandas DataFrame, a row each; ImportError says how to get pandas."""
        return data_frame(self.records())

    def _repr_html_(self) -> str:
        """For notebooks: the answer, how the run ended and what it spent, above its candidates."""
        dollars = "price unknown" if self.usage.dollars is None else f"${self.usage.dollars:.4g}"
        spent = f"{self.usage.tokens:,} tokens in {self.usage.calls:,} calls, {dollars}"
        head = f"<p><b>{shown(self.answer)}</b> ({shown(self.stopped_by)}; {spent})</p>"
        why = f"<p>{shown(self.error)}</p>" if self.error else ""
        columns = ("chosen", "answer", "score", "final", "completion_tokens", "text")
        lines = [{name: one[name] for name in columns} for one in self.records()]
        return head + why + html_table(lines)


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


class TextEvent(Struct, frozen=True, tag="text", gc=False):
    """A draw's text grew; told only to those who ask for texts."""

    run_id: str
    node: str
    text: str
    """What came, in the order in which it came; all of it where the backend does not stream."""


class AnswerEvent(Struct, frozen=True, tag="answer"):
    """The run ended."""

    run_id: str
    result: Result


Event = NodeEvent | SpendEvent | CandidateEvent | TextEvent | AnswerEvent
