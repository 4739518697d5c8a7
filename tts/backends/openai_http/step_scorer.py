"""A process reward model behind a server's `/pooling`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http.connection import Connection, Transport
from tts.backends.openai_http.reply import decode
from tts.backends.openai_http.usage import Expected, PromptCount, spend
from tts.backends.secret import Secret
from tts.errors import BadReply
from tts.protocols import Meter, StepScoreReply, StepScoreRequest
from tts.values import Message, Model

StepTemplate = Callable[[Sequence[Message], Sequence[str]], str]
"""Question and steps as the model's text, with a marker token after each step."""


class _Pooled(Struct):
    data: list[list[float | None]]


class _Pooling(Struct):
    data: list[_Pooled]
    usage: Any = None


_POOLING = msgspec.json.Decoder(_Pooling)


class HTTPStepScorer:
    """Reads a row [wrong, right] of probabilities per step marker (vLLM's STEP pooling).

    As Qwen2.5-Math-PRM answers (Zhang et al. 2025). `template` writes the markers; a reply with
    another number of rows than steps is refused, so that no score is ever read in a wrong place.
    """

    def __init__(
        self,
        model: Model,
        *,
        template: StepTemplate,
        base_url: str = "",
        api_key: Secret | None = None,
        prompt_count: PromptCount | None = None,
        idle_timeout: float | None = 600.0,
        connection: Transport | None = None,
    ) -> None:
        self._model = model
        self._template = template
        self._count = prompt_count or PromptCount(message_tokens=0, template_tokens=0)
        self._connection: Transport = connection or Connection(
            base_url, api_key=api_key, idle_timeout=idle_timeout
        )

    @property
    def model(self) -> Model:
        return self._model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """Tokens of the templated text by the tokenizer, otherwise its bytes."""
        return self._count.text_tokens(self._template(messages, steps))

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        """One probability of being right per step."""
        text = self._template(request.messages, request.steps)
        body = msgspec.json.encode({"model": self._model.name, "input": text})
        reply = decode(_POOLING, await self._connection.post("/../pooling", body))
        ours = Expected(
            prompt_tokens=self._count.estimated_tokens(text),
            completion_tokens=0,
            most_prompt_tokens=self._count.text_tokens(text),
            most_completion_tokens=0,
        )
        bill = {"completion_tokens": 0} | reply.usage if isinstance(reply.usage, dict) else {}
        meter.usage = spend(bill, ours, self._model).usage
        rows = reply.data[0].data if reply.data else []
        if len(rows) != len(request.steps):
            raise BadReply(f"{len(rows)} rows came for {len(request.steps)} steps.")
        return StepScoreReply(scores=tuple(map(_right, rows)), usage=meter.usage)

    async def close(self) -> None:
        await self._connection.close()


def _right(row: Sequence[float | None]) -> float:
    """The probability of the second class."""
    value = row[1] if len(row) == 2 else None
    if value is None or not isfinite(value) or not 0.0 <= value <= 1.0:
        raise BadReply(f"A row of [wrong, right] probabilities was expected, not {list(row)!r}.")
    return value
