"""One recorded draw, whatever its file left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from math import isfinite
from typing import Any, TypeGuard

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
MOST = 1 << 53
"""Of a count: up to here every whole number is one of a float, too."""
LARGEST = 1e300
"""Of an amount or a score: sums of them stay finite."""


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
        """The row; raises `ValueError` where it does not say which problem it answers, or a number
        cannot be what its field is: a negative count, a score that is no number.

        `place` stands in for a missing index, `shared` gives one copy of equal texts.
        """
        extra = self.extra or NOTHING
        completion = _told("completion_tokens", self.completion_tokens, extra)
        limit = _foreign(extra, "max_tokens")
        cut = completion is not None and limit is not None and completion >= limit > 0
        ended = self.finish_reason or self.stop_reason
        ended = ended or extra.get("finish_reason") or extra.get("stop_reason")
        problem = None if self.problem is None else shared(self.problem)
        draws = _foreign(extra, "group_n")
        tokens = _foreign(extra, "group_completion_tokens") if draws else None
        prompt = _told("prompt_tokens", self.prompt_tokens, extra)
        return SampleRow(
            problem_id=shared(self._id()),
            model=shared(self.model or "unnamed"),
            sample_index=place
            if self.sample_index is None
            else _whole("sample_index", self.sample_index),
            problem=problem or None,
            dataset=shared(self.dataset or ""),
            reference=_text("reference", self.reference, shared),
            completion=self.completion,
            answer=_text("answer", self.answer, shared),
            correct=_verdict(self.correct),
            prompt_tokens=_foreign(extra, "group_prompt_tokens") if prompt is None else prompt,
            completion_tokens=self._billed(prompt, completion, extra),
            reasoning_tokens=_told("reasoning_tokens", self.reasoning_tokens, extra),
            shared_tokens=tokens / draws if tokens is not None and draws else None,
            score=_amount("score", self.score, least=-LARGEST),
            finish_reason="length" if cut else _ENDS.get(str(ended).lower(), "unknown"),
            level=shared(str(_either(self.level, extra, "level") or "")),
            error=bool(_either(self.error, extra, "error")),
            seconds=_amount("seconds", _either(self.seconds, extra, "seconds")),
            dollars=self._dollars(extra, draws),
            score_tokens=_told("score_tokens", self.score_tokens, extra),
            replicate=_whole("replicate", self.replicate or 0),
            task=shared(self.task or ""),
        )

    def _id(self) -> str:
        if self.problem_id is not None:
            return str(self.problem_id)
        if not self.problem:
            raise ValueError("neither `problem_id` nor `problem` says which problem it answers")
        return blake2b(self.problem.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def _billed(
        self, prompt: int | None, completion: int | None, extra: Mapping[str, Any]
    ) -> int | None:
        """Total minus prompt where that is more: thoughts are often counted outside."""
        total = _told("total_tokens", self.total_tokens, extra)
        if total is None or prompt is None:
            return completion
        return max(completion or 0, total - prompt, 0)

    def _dollars(self, extra: Mapping[str, Any], draws: int | None) -> float | None:
        for name, own in (("dollars", self.dollars), ("cost_usd", self.cost_usd)):
            if (found := _amount(name, _either(own, extra, name))) is not None:
                return found
        total = extra.get("group_cost_usd") if draws else None
        return total / draws if _known(total) and draws and 0 <= total <= LARGEST else None


def _either(own: Any, extra: Mapping[str, Any], name: str) -> Any:
    """A row's own value, else the number that `extra` has under the name; what is no number there
    is anything else's."""
    if own is not None or not extra:
        return own
    return value if _known(value := extra.get(name)) else None


def _known(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(name: str, own: Number, extra: Mapping[str, Any]) -> int | None:
    return _count(name, _either(own, extra, name))


def _count(name: str, value: Number) -> int | None:
    return None if value is None else _whole(name, value)


def _whole(name: str, value: float) -> int:
    if 0 <= value <= MOST and value == (whole := int(value)):
        return whole
    raise ValueError(f"`{name}` is {_short(value)}; it takes a whole number of at least 0")


def _amount(name: str, value: Number, *, least: float = 0.0) -> float | None:
    if value is None:
        return None
    if least <= value <= LARGEST:
        return float(value)
    takes = "a finite number" if least else "a number of at least 0"
    raise ValueError(f"`{name}` is {_short(value)}; it takes {takes}")


def _foreign(extra: Mapping[str, Any], name: str) -> int | None:
    """A count that the layout does not have; one that is none is unknown."""
    value = extra.get(name)
    return round(value) if _known(value) and 0 <= value <= MOST else None


def _verdict(value: float | None) -> bool | None:
    if value is None:
        return None
    if value in (0, 1):
        return value == 1
    raise ValueError(f"`correct` is {_short(value)}; it takes true, false, 1 or 0")


def _text(name: str, value: Text, shared: Callable[[str], str]) -> str | None:
    if value is None:
        return None
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError(f"`{name}` is {value}; it takes a text or a finite number")
        value = int(value) if value.is_integer() else value
    return shared(str(value))


def _short(value: float) -> str:
    """A number as one reads it, however many digits it has."""
    text = str(value)
    return text if len(text) <= 24 else f"{text[:21]}..."
