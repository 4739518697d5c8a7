"""One recorded draw, whatever its file left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from tts.values import FinishReason

Number = int | float | None
Text = str | int | float | None

_ENDS: dict[str, FinishReason] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "max_length": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "refusal": "refusal",
    "safety": "content_filter",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
}
"""What providers call the end of a text."""
NOTHING: Mapping[str, Any] = {}


class SampleRow(Struct, frozen=True, kw_only=True, gc=False):
    """One recorded draw of one model for one problem. None: not recorded; 0 is a recorded zero."""

    problem_id: str
    model: str
    sample_index: int
    problem: str | None = None
    """Recorded at least once per problem."""
    dataset: str = ""
    reference: str | None = None
    completion: str | None = None
    answer: str | None = None
    correct: bool | None = None
    """None: the call failed or was never graded; it is not a wrong answer."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    """All that was billed for the draw, thoughts included."""
    reasoning_tokens: int | None = None
    shared_tokens: float | None = None
    """A draw's share of what was recorded for a group of draws only."""
    score: float | None = None
    """A reward model's raw output; not a probability."""
    finish_reason: FinishReason = "unknown"
    level: str = ""
    error: bool = False
    """The call was recorded as failed."""
    seconds: float | None = None
    """How long the draw took."""
    dollars: float | None = None
    """What the draw was billed."""
    score_tokens: int | None = None
    """What its verifier read and wrote to score it."""
    replicate: int = 0
    """Which repeat drew it: those of one repeat belong together, in this order."""
    task: str = ""
    """How its answer is read and compared; empty: not recorded."""

    @property
    def failed(self) -> bool:
        """Whether the recorded call gave neither text nor answer nor verdict."""
        nothing = self.answer is None and self.correct is None
        return nothing and (self.error or not self.completion)


class Line(Struct, kw_only=True):
    """A line of a file as it is written: names and types are looser than a row's."""

    problem_id: str | int | None = None
    model: str | None = None
    sample_index: int | None = None
    problem: str | None = None
    dataset: str | None = None
    reference: Text = None
    completion: str | None = None
    answer: Text = None
    correct: bool | int | float | None = None
    prompt_tokens: Number = None
    completion_tokens: Number = None
    reasoning_tokens: Number = None
    total_tokens: Number = None
    score: Number = None
    finish_reason: str | None = None
    stop_reason: str | None = None
    level: Text = None
    error: Any = None
    seconds: Number = None
    dollars: Number = None
    cost_usd: Number = None
    score_tokens: Number = None
    replicate: int | None = None
    task: str | None = None
    extra: dict[str, Any] | None = None

    def row(self, place: int, shared: Callable[[str], str]) -> SampleRow:
        """The row; raises `ValueError` where it does not say which problem it answers.

        `place` stands in for a missing index, `shared` gives one copy of equal texts.
        """
        extra = self.extra or NOTHING
        completion, limit = _count(self.completion_tokens), _count(extra.get("max_tokens"))
        cut = completion is not None and limit is not None and completion >= limit > 0
        ended = self.finish_reason or self.stop_reason
        ended = ended or extra.get("finish_reason") or extra.get("stop_reason")
        problem = None if self.problem is None else shared(self.problem)
        draws = _count(extra.get("group_n"))
        thought = _either(self.reasoning_tokens, extra, "reasoning_tokens")
        tokens = _count(extra.get("group_completion_tokens")) if draws else None
        return SampleRow(
            problem_id=shared(self._id()),
            model=shared(self.model or "unnamed"),
            sample_index=place if self.sample_index is None else self.sample_index,
            problem=problem or None,
            dataset=shared(self.dataset or ""),
            reference=_text(self.reference, shared),
            completion=self.completion,
            answer=_text(self.answer, shared),
            correct=None if self.correct is None else bool(self.correct),
            prompt_tokens=_count(_either(self.prompt_tokens, extra, "group_prompt_tokens")),
            completion_tokens=self._billed(completion, extra),
            reasoning_tokens=_count(thought),
            shared_tokens=tokens / draws if tokens is not None and draws else None,
            score=None if self.score is None else float(self.score),
            finish_reason="length" if cut else _ENDS.get(str(ended).lower(), "unknown"),
            level=shared(str(_either(self.level, extra, "level") or "")),
            error=bool(_either(self.error, extra, "error")),
            seconds=_amount(_either(self.seconds, extra, "seconds")),
            dollars=self._dollars(extra, draws),
            score_tokens=_count(_either(self.score_tokens, extra, "score_tokens")),
            replicate=self.replicate or 0,
            task=shared(self.task or ""),
        )

    def _id(self) -> str:
        if self.problem_id is not None:
            return str(self.problem_id)
        if not self.problem:
            raise ValueError("neither `problem_id` nor `problem` says which problem it answers")
        return blake2b(self.problem.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def _billed(self, completion: int | None, extra: Mapping[str, Any]) -> int | None:
        """Total minus prompt where that is more: thoughts are often counted outside."""
        total = _count(_either(self.total_tokens, extra, "total_tokens"))
        prompt = _count(self.prompt_tokens)
        if total is None or prompt is None:
            return completion
        return max(completion or 0, total - prompt, 0)

    def _dollars(self, extra: Mapping[str, Any], draws: int | None) -> float | None:
        for name, own in (("dollars", self.dollars), ("cost_usd", self.cost_usd)):
            if (found := _amount(_either(own, extra, name))) is not None:
                return found
        total = _amount(extra.get("group_cost_usd")) if draws else None
        return total / draws if total is not None and draws else None


def _either(own: Any, extra: Mapping[str, Any], name: str) -> Any:
    return own if own is not None else extra.get(name)


def _count(value: Any) -> int | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0, round(value)) if known else None


def _amount(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and value >= 0 else None


def _text(value: Text, shared: Callable[[str], str]) -> str | None:
    if value is None:
        return None
    whole = isinstance(value, float) and value.is_integer()
    return shared(str(int(value) if whole else value))
