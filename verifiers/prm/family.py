"""One kind of process reward model: how it is asked, how its head is read, and how it scores steps,
also of texts longer than it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import tanh
from typing import Any, Literal, Protocol

from tts.answers import Aggregate
from tts.errors import BadReply, ContextTooLong
from tts.protocols import (
    MarkedRow,
    Meter,
    RowReader,
    RowReading,
    StepScoreReply,
    StepScoreRequest,
    Vector,
)
from tts.values import Message, Model, Usage


class PromptTokenizer(Protocol):
    """Text to ids, and the model's chat template."""

    @property
    def begin(self) -> int | None:
        """The id that begins a sequence, where the model has one."""
        ...

    @property
    def size(self) -> int:
        """Ids below this number exist."""
        ...

    def encode(self, text: str) -> tuple[int, ...]:
        """The ids of a text; none are added, special tokens written in it are recognised."""
        ...

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        """The conversation in the model's template. `open_turn`: up to the assistant's turn."""
        ...

    def token_id(self, token: str) -> int | None:
        """The id of a token by its name in the vocabulary; None where there is none."""
        ...


Head = Literal["process_reward", "token_classes", "labels", "value"]
"""process_reward: two classes behind a small network (Qwen2ForProcessRewardModel);
token_classes: two classes behind one layer; labels: two tokens of the language-model head;
value: one number behind one layer."""

Route = Literal["pooling", "pooling_server", "classify_server", "token_logprobs"]
"""pooling: vLLM in process; pooling_server and classify_server: `/pooling` and `/classify` of
`vllm serve`; token_logprobs: the labels' `prompt_logprobs` from its completions."""

Mark = Callable[[PromptTokenizer, str, Sequence[str]], MarkedRow]
"""(tokenizer, question, steps) to a row with one mark per step."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Template, marker, read-out, range, aggregation, length and routes of a family."""

    name: str
    models: tuple[str, ...]
    """Lower-case parts of the names of its published models."""
    source: str
    """The paper or model card that the format is taken from."""
    head: Head
    mark: Mark
    read: Callable[[Vector], float]
    """A head's raw output to a score in 0…1."""
    score_range: tuple[float, float] = (0.0, 1.0)
    """What the model itself reports, before it was mapped to 0…1."""
    calibrated: bool = True
    """Whether a score may be read as a probability; otherwise only the order counts."""
    aggregate: Aggregate = "min"
    context_length: int = 4096
    """Tokens that the model was trained to read."""
    marker: str = ""
    """A token that must be in the vocabulary."""
    labels: tuple[str, ...] = ()
    """Tokens of the vocabulary whose logits are the two classes, the good one first."""
    separator: str = "\n\n"
    """What the model's own steps are separated by."""
    routes: tuple[Route, ...] = ("pooling", "pooling_server")
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `config.json` that make vLLM load the head."""
    tensors: Mapping[str, str] = field(default_factory=dict)
    """Published tensor names to those that vLLM looks for."""

    @property
    def outputs(self) -> int:
        """Numbers per position."""
        return 1 if self.head == "value" else 2


def marked_pieces(
    question: Sequence[int], steps: Iterable[tuple[Sequence[int], Sequence[int]]]
) -> MarkedRow:
    """`question`, then each step's ids and the ids of its marker; marked is a marker's last id."""
    ids, marks = list(question), []
    for step, marker in steps:
        ids.extend(step)
        ids.extend(marker)
        marks.append(len(ids) - 1)
    return MarkedRow(tuple(ids), tuple(marks))


def without(text: str, marker: str) -> str:
    """A text that cannot add a marker of its own."""
    return text.replace(marker, "")


def second_class(vector: Vector) -> float:
    """softmax(vector)[1] of two logits."""
    return _logistic(vector[1] - vector[0])


def first_class(vector: Vector) -> float:
    """softmax(vector)[0] of two logits."""
    return _logistic(vector[0] - vector[1])


def sigmoid(vector: Vector) -> float:
    """The logistic function of the one logit."""
    return _logistic(vector[0])


def _logistic(x: float) -> float:
    # The tangent form cannot overflow.
    return (1.0 + tanh(x / 2.0)) / 2.0


class FamilyScorer:
    """Words a text as its family wants it, has the rows read, and reads the head."""

    def __init__(self, family: Family, *, tokenizer: PromptTokenizer, reader: RowReader) -> None:
        self.family = family
        self._tokenizer, self._reader = tokenizer, reader
        own = reader.model.context_length
        self._limit = min(family.context_length, own) if own else family.context_length

    @property
    def model(self) -> Model:
        return self._reader.model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """The exact number of tokens; raises ContextTooLong as `score_steps` does."""
        return sum(len(row.ids) for row in self._fitted(messages, steps).rows)

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        """One score per step, also where the text had to be read in parts.

        Usage counts every token as read, and those that were not computed again as cached.
        """
        fitted = self._fitted(request.messages, request.steps)
        rows = [row for row in fitted.rows if row.marks]
        readings = await asyncio.gather(*(self._reader.read(row) for row in rows))
        meter.usage = self._usage(rows, readings)
        scores = tuple(self._score(vector) for one in readings for vector in one.vectors)
        if len(scores) != len(request.steps):
            raise BadReply(f"{len(scores)} scores came for {len(request.steps)} steps.")
        return StepScoreReply(scores=scores, usage=meter.usage, degraded=fitted.degraded)

    async def close(self) -> None:
        await self._reader.close()

    def _fitted(self, messages: Sequence[Message], steps: Sequence[str]) -> Fitted:
        question = "\n\n".join(turn.content for turn in messages if turn.role == "user")
        return fit(
            lambda some: self.family.mark(self._tokenizer, question, some), steps, self._limit
        )

    def _score(self, vector: Sequence[float]) -> float:
        if len(vector) != self.family.outputs:
            raise BadReply(
                f"The head of {self.model.name} has {len(vector)} outputs; {self.family.name} "
                f"models have {self.family.outputs}."
            )
        return self.family.read(tuple(vector))

    def _usage(self, rows: Sequence[MarkedRow], readings: Sequence[RowReading]) -> Usage:
        tokens = sum(len(row.ids) for row in rows)
        computed = sum(reading.computed_tokens for reading in readings)
        size = self.model.parameters
        return Usage(
            calls=1,
            prompt_tokens=tokens,
            cached_prompt_tokens=max(0, tokens - computed),
            flops=None if size is None else 2 * size * computed,
            gpu_microseconds=None,
        )


_CUT = " … "
_SHORTEST = 8
"""Characters of a step below which cutting it further would leave nothing to judge."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Rows that hold every step's mark exactly once, in order."""

    rows: tuple[MarkedRow, ...]
    degraded: bool
    """Some step was judged without everything before it, or was cut itself."""


def fit(build: Callable[[Sequence[str]], MarkedRow], steps: Sequence[str], limit: int) -> Fitted:
    """One row where the text fits in `limit` tokens, otherwise several.

    Every row begins with the whole question. A row holds as many of the earlier steps as fit in
    half of the room, which are context and not read again, and then new steps. A step that is too
    long by itself loses its middle. Raises ContextTooLong where the question leaves no room.
    """
    whole = build(steps)
    if len(whole.ids) <= limit:
        return Fitted((whole,), degraded=False)
    rows: list[MarkedRow] = []
    start, own = 0, list(steps)
    while start < len(own):
        own[start] = _shortened(build, own[start], limit)
        context = _context(build, own, start, limit)
        end = start + 1
        while end < len(own) and len(build(own[context : end + 1]).ids) <= limit:
            end += 1
        row = build(own[context:end])
        rows.append(MarkedRow(row.ids, row.marks[start - context :]))
        start = end
    return Fitted(tuple(rows), degraded=True)


def _context(
    build: Callable[[Sequence[str]], MarkedRow], steps: Sequence[str], start: int, limit: int
) -> int:
    """The first of the earlier steps that fit into half of what the question leaves."""
    room = (limit + len(build(()).ids)) // 2
    first = start
    while first > 0 and len(build(steps[first - 1 : start]).ids) <= room:
        if len(build(steps[first - 1 : start + 1]).ids) > limit:
            break
        first -= 1
    return first


def _shortened(build: Callable[[Sequence[str]], MarkedRow], step: str, limit: int) -> str:
    """The step, or its beginning and end."""
    kept = len(step)
    while len(build((step,)).ids) > limit:
        if kept <= _SHORTEST:
            raise ContextTooLong(f"The question leaves no room for a step in {limit} tokens.")
        kept = kept * 3 // 4
        step = step[: kept // 2] + _CUT + step[-(kept - kept // 2) :]
    return step
