"""Where step scores and the numbers of a reward head come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from tts.protocols.operation import Meter
from tts.values import Message, Model, Usage


class StepScoreRequest(Struct, frozen=True, kw_only=True):
    """A question and the steps of an answer to it."""

    messages: tuple[Message, ...]
    """The question as the verifier's template words it."""
    steps: tuple[str, ...]
    """Non-empty, without separators."""


class StepScoreReply(Struct, frozen=True, kw_only=True):
    """One probability of being right per step, in order."""

    scores: tuple[float, ...]
    usage: Usage
    degraded: bool = False
    """The text did not fit; the scores rest on a part of it."""


class StepScorer(Protocol):
    """A process reward model: a discriminative head read at each step's end."""

    @property
    def model(self) -> Model: ...

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """Tokens of a request: exact with a tokenizer at hand, otherwise an upper bound."""
        ...

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply: ...

    async def close(self) -> None: ...


Vector = tuple[float, ...]
"""What the head says at one position, before softmax or sigmoid."""


class MarkedRow(Struct, frozen=True, gc=False):
    """Token ids, and the positions at which the head is read, in order."""

    ids: tuple[int, ...]
    marks: tuple[int, ...]


class RowReading(Struct, frozen=True, kw_only=True):
    """One vector per mark, and how many tokens it took."""

    vectors: tuple[Vector, ...]
    computed_tokens: int
    """Tokens that the model really read; the others were cached or their vectors were kept."""


class RowReader(Protocol):
    """A model that reads token rows, with a head at every position."""

    @property
    def model(self) -> Model: ...

    async def read(self, row: MarkedRow) -> RowReading:
        """Raises `CallError`; cancelling the coroutine aborts the reading."""
        ...

    async def close(self) -> None: ...
