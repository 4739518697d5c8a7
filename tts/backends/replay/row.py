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


NUMBERS = frozenset(
    {
        *("prompt_tokens", "completion_tokens", "reasoning_tokens", "total_tokens"),
        *("score_tokens", "seconds", "dollars", "cost_usd"),
    }
)
"""What counts from `extra`, too."""


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
        if extra:
            self._adopt(extra)
        completion, prompt = _counts(self, "completion_tokens", "prompt_tokens")
        total, thought, scoring = _counts(self, "total_tokens", "reasoning_tokens", "score_tokens")
        limit, draws = _foreign(extra, "max_tokens"), _foreign(extra, "group_n")
        cut = completion is not None and limit is not None and completion >= limit > 0
        tokens = _foreign(extra, "group_completion_tokens") if draws else None
        if total is not None and prompt is not None:
            # Thoughts are often counted outside of the completion.
            completion = max(completion or 0, total - prompt)
        index = self.sample_index
        return SampleRow(
            problem_id=shared(self._id()),
            model=shared(self.model or "unnamed"),
            sample_index=place if index is None else _whole("sample_index", index),
            problem=shared(self.problem) if self.problem else None,
            dataset=shared(self.dataset) if self.dataset else "",
            reference=_text("reference", self.reference, shared),
            completion=self.completion,
            answer=_text("answer", self.answer, shared),
            correct=_verdict(self.correct),
            prompt_tokens=_foreign(extra, "group_prompt_tokens") if prompt is None else prompt,
            completion_tokens=completion,
            reasoning_tokens=thought,
            shared_tokens=tokens / draws if tokens is not None and draws else None,
            score=_amount("score", self.score, least=-LARGEST),
            finish_reason="length" if cut else self._end(extra),
            level=shared(str(self.level or extra.get("level") or "")),
            error=bool(extra.get("error") if self.error is None else self.error),
            seconds=_amount("seconds", self.seconds),
            dollars=self._dollars(extra, draws),
            score_tokens=scoring,
            replicate=_whole("replicate", self.replicate or 0),
            task=shared(self.task) if self.task else "",
        )

    def _adopt(self, extra: Mapping[str, Any]) -> None:
        """Take the numbers that `extra` has under a name of ours, where there is none yet; what is
        no number there is something else's."""
        for name in NUMBERS.intersection(extra):
            if getattr(self, name) is None and _known(extra[name]):
                setattr(self, name, extra[name])

    def _id(self) -> str:
        if self.problem_id is not None:
            return str(self.problem_id)
        if not self.problem:
            raise ValueError("neither `problem_id` nor `problem` says which problem it answers")
        return blake2b(self.problem.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def _end(self, extra: Mapping[str, Any]) -> FinishReason:
        told = self.finish_reason or self.stop_reason
        told = told or extra.get("finish_reason") or extra.get("stop_reason")
        return _ENDS.get(str(told).lower(), "unknown") if told else "unknown"

    def _dollars(self, extra: Mapping[str, Any], draws: int | None) -> float | None:
        billed, cost = _amount("dollars", self.dollars), _amount("cost_usd", self.cost_usd)
        if billed is not None or cost is not None or not draws:
            return cost if billed is None else billed
        total = extra.get("group_cost_usd")
        return total / draws if _known(total) and 0 <= total <= LARGEST else None


def _known(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _counts(line: Line, *names: str) -> list[int | None]:
    return [
        None if (value := getattr(line, name)) is None else _whole(name, value) for name in names
    ]


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
    if name not in extra:
        return None
    value = extra[name]
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
