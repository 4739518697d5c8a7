"""Vectors of texts by a server's `/embeddings`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
import numpy as np
from msgspec import Struct

from tts.backends.openai_http import Connection
from tts.backends.secret import Secret
from tts.errors import BadReply, CallError, UsageError
from tts.retrieval.store import Vectors

T = TypeVar("T")
BATCH = 64
"""Texts of a request."""
PATIENCE = 60.0
"""Seconds without a byte after which a request is given up."""


class _Row(Struct):
    index: int
    embedding: list[float]


class _Reply(Struct):
    data: list[_Row]


_REPLY = msgspec.json.Decoder(_Reply)


class ServedVectors:
    """A model of an OpenAI-compatible server that embeds: llama.cpp, vLLM, Ollama, OpenAI.

    It is asked once for its size. A text without anything in it is not sent and has a vector of
    zeros. The address is no part of the identity: a server that moved has the same model.
    """

    waits = True

    def __init__(self, model: str, base_url: str, *, api_key: Secret | None = None) -> None:
        """Raises `UsageError` where the server cannot be asked, or has no such endpoint."""
        self._model, self._url, self._key = model, base_url, api_key
        try:
            self.size = len(self._rows(["size"])[0])
        except CallError as error:
            raise UsageError(
                f"Retriever 'embeddings:{model}': {base_url} gives no vectors: {error}."
            ) from error

    @property
    def name(self) -> str:
        return "embeddings-" + re.sub(r"[^\w.-]+", "-", self._model)

    @property
    def identity(self) -> Any:
        return {"embeddings": self._model, "size": self.size}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Raises `BadReply` where a vector has another size than the first one had."""
        vectors = np.zeros((len(texts), self.size), dtype=np.float32)
        known = [place for place, text in enumerate(texts) if text.strip()]
        for start in range(0, len(known), BATCH):
            places = known[start : start + BATCH]
            vectors[places] = self._of_size(self._rows([texts[place] for place in places]))
        return vectors

    def _of_size(self, rows: list[list[float]]) -> list[list[float]]:
        for row in rows:
            if len(row) != self.size:
                raise BadReply(
                    f"{self._model} at {self._url} gives vectors of {len(row)} numbers now; its "
                    f"index holds {self.size}. Is another model served under this name?"
                )
        return rows

    def _rows(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, whatever order they came in."""
        body = msgspec.json.encode({"model": self._model, "input": texts})
        try:
            rows = _REPLY.decode(aside(self._post(body))).data
        except msgspec.MsgspecError as error:
            raise BadReply(f"The reply holds no vectors ({error})") from error
        rows.sort(key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise BadReply(f"{len(rows)} vectors came for {len(texts)} texts")
        return [row.embedding for row in rows]

    async def _post(self, body: bytes) -> bytes:
        connection = Connection(self._url, api_key=self._key, idle_timeout=PATIENCE)
        try:
            return await connection.post("/embeddings", body)
        finally:
            await connection.close()


def aside(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, on a loop of its own: embedders are asked by code that does not
    await, on whatever thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
