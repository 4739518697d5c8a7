"""A sequence classifier behind `vllm serve --runner pooling`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http.reply import decode
from tts.backends.vllm.connected_reader import ConnectedReader
from tts.errors import BadReply
from tts.protocols import MarkedRow, RowReading, Vector


class _Classified(Struct):
    probs: list[float]


class _Classification(Struct):
    data: list[_Classified]


_CLASSIFICATION = msgspec.json.Decoder(_Classification)


class VLLMClassifyReader(ConnectedReader):
    """Sends token ids to `/classify`, which reads the head at the last token alone.

    Every mark is therefore a request of its own, for the text up to it; the server's prefix cache
    keeps that from reading the beginning again.
    """

    async def read(self, row: MarkedRow) -> RowReading:
        """The head's raw outputs at the marks; equal marks are read once."""
        self._check_length(len(row.ids))
        ends = sorted(set(row.marks))
        vectors = await asyncio.gather(*(self._classify(row.ids[: end + 1]) for end in ends))
        found = dict(zip(ends, vectors, strict=True))
        return RowReading(
            vectors=tuple(found[mark] for mark in row.marks),
            computed_tokens=sum(end + 1 for end in ends),
        )

    async def _classify(self, ids: Sequence[int]) -> Vector:
        asked: dict[str, Any] = {"model": self._model.name, "input": ids, "use_activation": False}
        answer = await self._connection.post("/../classify", msgspec.json.encode(asked))
        classified = decode(_CLASSIFICATION, answer).data
        if len(classified) != 1:
            raise BadReply(f"{len(classified)} classifications came for one text.")
        return tuple(classified[0].probs)
