"""A reward head behind `vllm serve --runner pooling`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http import Connection, Transport
from tts.backends.openai_http.decode import decode
from tts.backends.secret import Secret
from tts.errors import BadReply, ContextTooLong
from tts.protocols import MarkedRow, RowReading, Vector
from tts.values import Model


class _Pooled(Struct):
    data: list[list[float]]


class _Pooling(Struct):
    data: list[_Pooled]


_POOLING = msgspec.json.Decoder(_Pooling)


class VLLMServerReader:
    """Sends token ids to `/pooling`, so that no other tokenizer stands between text and marks.

    The server may pool every token (`tok_pooling_type` ALL) or its step marker alone (STEP).
    It reads every text in full: the interface cannot ask for the uncached tail.
    """

    def __init__(
        self,
        model: Model,
        *,
        base_url: str = "",
        api_key: Secret | None = None,
        connection: Transport | None = None,
    ) -> None:
        self._model = model
        self._connection: Transport = connection or Connection(base_url, api_key=api_key)

    @property
    def model(self) -> Model:
        return self._model

    async def read(self, row: MarkedRow) -> RowReading:
        """The head's raw outputs at the marks."""
        check_length(self._model, len(row.ids))
        asked: dict[str, Any] = {
            "model": self._model.name,
            "input": row.ids,
            "task": "token_classify",
            "use_activation": False,
        }
        answer = await self._connection.post("/../pooling", msgspec.json.encode(asked))
        pooled = decode(_POOLING, answer).data
        rows = pooled[0].data if pooled else []
        return RowReading(vectors=_at_marks(row, rows), computed_tokens=len(row.ids))

    async def close(self) -> None:
        await self._connection.close()


def check_length(model: Model, tokens: int) -> None:
    """Raises ContextTooLong where so many tokens are known not to fit."""
    if model.context_length is not None and tokens > model.context_length:
        raise ContextTooLong(f"{tokens} tokens; {model.name} holds {model.context_length}.")


def _at_marks(row: MarkedRow, rows: Sequence[Sequence[float]]) -> tuple[Vector, ...]:
    """Rows of all tokens or of the marks; any other number would be read in wrong places."""
    if len(rows) == len(row.ids):
        return tuple(tuple(rows[mark]) for mark in row.marks)
    if len(rows) == len(row.marks):
        return tuple(map(tuple, rows))
    raise BadReply(f"{len(rows)} rows came for {len(row.ids)} tokens and {len(row.marks)} marks.")
