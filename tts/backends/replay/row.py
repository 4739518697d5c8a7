"""One recorded draw, whatever its file left out."""

from __future__ import annotations

from collections.abc import Callable
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
    extra: dict[str, Any] | None = None

    def row(self, place: int, shared: Callable[[str], str]) -> SampleRow:
        """The row; raises `ValueError` where it does not say which problem it answers.

        `place` stands in for a missing index, `shared` gives one copy of equal texts.
        """
        completion, limit = _count(self.completion_tokens), _count(self._of("max_tokens"))
        cut = completion is not None and limit is not None and completion >= limit > 0
        ended = self._of("finish_reason") or self._of("stop_reason")
        problem = None if self.problem is None else shared(self.problem)
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
            prompt_tokens=_first(self.prompt_tokens, self._of("group_prompt_tokens")),
            completion_tokens=self._billed(completion),
            reasoning_tokens=_count(self._of("reasoning_tokens")),
            shared_tokens=self._share(),
            score=None if self.score is None else float(self.score),
            finish_reason="length" if cut else _ENDS.get(str(ended).lower(), "unknown"),
            level=shared(str(self._of("level") or "")),
            error=bool(self._of("error")),
        )

    def _of(self, name: str) -> Any:
        own = getattr(self, name, None)
        return own if own is not None else (self.extra or {}).get(name)

    def _id(self) -> str:
        if self.problem_id is not None:
            return str(self.problem_id)
        if not self.problem:
            raise ValueError("neither `problem_id` nor `problem` says which problem it answers")
        return blake2b(self.problem.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def _billed(self, completion: int | None) -> int | None:
        """Total minus prompt where that is more: thoughts are often counted outside."""
        total, prompt = _count(self._of("total_tokens")), _count(self.prompt_tokens)
        outside = None if total is None or prompt is None else max(0, total - prompt)
        known = [count for count in (completion, outside) if count is not None]
        return max(known, default=None)

    def _share(self) -> float | None:
        total, draws = _count(self._of("group_completion_tokens")), _count(self._of("group_n"))
        return total / draws if total is not None and draws else None


def _count(value: Any) -> int | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0, round(value)) if known else None


def _first(*values: Any) -> int | None:
    counts = (_count(value) for value in values)
    return next((count for count in counts if count is not None), None)


def _text(value: Text, shared: Callable[[str], str]) -> str | None:
    if value is None:
        return None
    whole = isinstance(value, float) and value.is_integer()
    return shared(str(int(value) if whole else value))
