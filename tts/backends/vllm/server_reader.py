"""A reward head behind `vllm serve --runner pooling`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http.reply import decode
from tts.backends.vllm.connected_reader import ConnectedReader
from tts.errors import BadReply
from tts.protocols import MarkedRow, RowReading, Vector


class _Pooled(Struct):
    data: list[list[float]]


class _Pooling(Struct):
    data: list[_Pooled]


_POOLING = msgspec.json.Decoder(_Pooling)


class VLLMServerReader(ConnectedReader):
    """Sends token ids to `/pooling`, so that no other tokenizer stands between text and marks.

    The server may pool every token (`tok_pooling_type` ALL) or its step marker alone (STEP).
    It reads every text in full: the interface cannot ask for the uncached tail.
    """

    async def read(self, row: MarkedRow) -> RowReading:
        """The head's raw outputs at the marks."""
        self._check_length(len(row.ids))
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


def _at_marks(row: MarkedRow, rows: Sequence[Sequence[float]]) -> tuple[Vector, ...]:
    """Rows of all tokens or of the marks; any other number would be read in wrong places."""
    if len(rows) == len(row.ids):
        return tuple(tuple(rows[mark]) for mark in row.marks)
    if len(rows) == len(row.marks):
        return tuple(map(tuple, rows))
    raise BadReply(f"{len(rows)} rows came for {len(row.ids)} tokens and {len(row.marks)} marks.")
