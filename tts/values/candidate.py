"""A whole or partial solution, and how good a verifier finds it."""

from __future__ import annotations

from msgspec import Struct

from tts.values.completion import FinishReason, Recording
from tts.values.request import Message, Problem

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
    recorded: Recording | None = None
    """The recorded sample that it is, where it was not drawn now."""

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
