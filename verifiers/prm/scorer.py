"""A process reward model of any family as a step scorer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tts.errors import BadReply
from tts.protocols import (
    MarkedRow,
    Meter,
    RowReader,
    RowReading,
    StepScoreReply,
    StepScoreRequest,
)
from tts.values import Message, Model, Usage
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.fit import Fitted, fit
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer


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
