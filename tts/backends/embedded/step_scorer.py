"""The step scorer over the shipped process reward model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tts.backends.embedded.folder import Floats, Weights
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.backends.embedded.transformer import Transformer
from tts.errors import BadInput, ContextTooLong, Unavailable
from tts.protocols import Meter, StepScoreReply, StepScoreRequest, charged
from tts.values import Message, Model

STEP_MARK = "<extra_0>"
_HEAD = ("score.0.weight", "score.0.bias", "score.2.weight", "score.2.bias")


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """Ids of a question and steps, each step followed by the marker."""

    ids: tuple[int, ...]
    marks: tuple[int, ...]
    """Positions of the markers in `ids`."""


def marked_rows(
    tokenizer: EmbeddedTokenizer, messages: Sequence[Message], steps: Sequence[str], limit: int
) -> tuple[MarkedRow, ...]:
    """One row, or several of at most `limit` tokens where the text is longer.

    Every row begins with the question and holds consecutive steps, so that each step has its
    marker in exactly one row. Markers are appended as ids: what the text contains cannot add
    one. Raises ContextTooLong where the question and one step alone are longer than `limit`.
    """
    question = tuple(tokenizer.encode_chat(messages))
    mark = tokenizer.special(STEP_MARK)
    rows: list[MarkedRow] = []
    ids, marks = question, tuple[int, ...]()
    for step in steps:
        added = (*tokenizer.encode(step), mark)
        if len(question) + len(added) > limit:
            raise ContextTooLong(f"The question and one step are more than {limit} tokens.")
        if len(ids) + len(added) > limit:
            rows.append(MarkedRow(ids, marks))
            ids, marks = question, ()
        ids += added
        marks = (*marks, len(ids) - 1)
    return (*rows, MarkedRow(ids, marks))


class Scorer:
    """Scores marker positions of token rows; needs the head of Qwen2ForProcessRewardModel.

    For one thread: its cache is used again by every batch.
    """

    def __init__(self, transformer: Transformer, weights: Weights, rows: int) -> None:
        """`rows`: the most of one batch."""
        missing = [name for name in _HEAD if name not in weights]
        if missing:
            raise BadInput(f"This model is not a process reward model: no {', '.join(missing)}.")
        self._transformer = transformer
        self._cache = KvCache(transformer.config, rows, continued=False)
        first, first_bias, second, second_bias = (weights.array(name) for name in _HEAD)
        self._first = (np.ascontiguousarray(first.T), first_bias)
        self._second = (np.ascontiguousarray(second.T), second_bias)

    def score(self, rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[list[float]]:
        """P(good) per marker, for rows of (ids, positions of the markers)."""
        longest = max(len(ids) for ids, _ in rows)
        tokens = np.zeros((len(rows), longest), dtype=np.intp)
        for index, (ids, _) in enumerate(rows):
            tokens[index, : len(ids)] = ids
        starts = np.zeros(len(rows), dtype=np.intp)
        hidden = self._transformer.forward(tokens, starts, self._cache)
        return [
            self._probabilities(hidden[index, list(marks)]).tolist()
            for index, (_, marks) in enumerate(rows)
        ]

    def _probabilities(self, hidden: Floats) -> Floats:
        first, first_bias = self._first
        second, second_bias = self._second
        logits = np.maximum(hidden @ first + first_bias, 0) @ second + second_bias
        # The tangent form of the two-class softmax cannot overflow.
        return np.asarray((1 + np.tanh((logits[:, 1] - logits[:, 0]) / 2)) / 2, dtype=np.float32)


_Waiting = tuple[MarkedRow, asyncio.Future[list[float]]]


class EmbeddedStepScorer:
    """Scores steps on one background thread; requests that wait together share a batch.

    Belongs to the event loop of its first request.
    """

    def __init__(self, embedded: EmbeddedModel, *, rows: int = 64) -> None:
        """`rows`: the most texts in one batch. Raises BadInput for a model without the head."""
        self._embedded = embedded
        self._scorer = Scorer(embedded.transformer, embedded.weights, rows)
        self._rows = rows
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=embedded.model.name)

    @property
    def model(self) -> Model:
        """Name, weights digest, size and context."""
        return self._embedded.model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """The exact number of tokens; raises ContextTooLong as `score_steps` does."""
        return sum(len(row.ids) for row in self._marked(messages, steps))

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        """One P(good) per step, read at the marker behind it.

        A text beyond the context is scored in parts, each with the question before it, and the
        reply is degraded. Raises ContextTooLong, or Unavailable after `close`.
        """
        rows = self._marked(request.messages, request.steps)
        tokens = sum(len(row.ids) for row in rows)
        usage = charged(self.model, tokens)
        meter.usage = usage
        parts = await asyncio.gather(*(self._enqueue(row) for row in rows))
        scores = tuple(score for part in parts for score in part)
        return StepScoreReply(scores=scores, usage=usage, degraded=len(rows) > 1)

    async def close(self) -> None:
        """End the scoring thread."""
        await asyncio.to_thread(self._thread.shutdown)

    def _marked(self, messages: Sequence[Message], steps: Sequence[str]) -> tuple[MarkedRow, ...]:
        limit = self._embedded.transformer.config.positions
        return marked_rows(self._embedded.tokenizer, messages, steps, limit)

    def _enqueue(self, row: MarkedRow) -> asyncio.Future[list[float]]:
        future: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return future

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        # Requests made in this turn of the loop join the first batch.
        await asyncio.sleep(0)
        while batch := self._next_batch():
            rows = [(row.ids, row.marks) for row, _ in batch]
            try:
                scores = await loop.run_in_executor(self._thread, self._scorer.score, rows)
            except Exception as error:  # noqa: BLE001 — every waiting request must hear of it
                for _, future in batch:
                    _fail(future, Unavailable(f"The embedded scorer failed: {error!r}"))
                continue
            for (_, future), own in zip(batch, scores, strict=True):
                if not future.done():
                    future.set_result(own)

    def _next_batch(self) -> list[_Waiting]:
        wanted = [(row, future) for row, future in self._waiting if not future.done()]
        self._waiting = wanted[self._rows :]
        return wanted[: self._rows]


def _fail(future: asyncio.Future[list[float]], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
