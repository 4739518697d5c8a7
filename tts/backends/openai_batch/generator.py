"""A model whose draws travel in batch files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b

import msgspec

from tts.backends.openai_batch.rounds import Rounds
from tts.backends.openai_http.generator import HTTPGenerator
from tts.backends.openai_http.reply import WireReply
from tts.backends.openai_http.request import Dialect
from tts.errors import BadRequest
from tts.protocols import Defaults, GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Model

DAY = 26 * 3600.0
"""Seconds that an answer may take, and the time to fetch it."""


class BatchGenerator(HTTPGenerator):
    """`HTTPGenerator` whose requests wait for others and travel with them by the file.

    Answers come whole, so nothing is stopped while it is written. A draw has the key of the same
    draw by any other route, so what one route answered is found by the others.
    """

    def __init__(
        self,
        model: Model,
        *,
        rounds: Rounds,
        capabilities: Capabilities | None = None,
        dialect: Dialect = "openai",
    ) -> None:
        super().__init__(model, connection=_Nowhere(), capabilities=capabilities, dialect=dialect)
        self._rounds = rounds

    @property
    def prompt(self) -> bool:
        return False

    @property
    def defaults(self) -> Defaults:
        return Defaults(sheds_load=False, batched=True, slowest=DAY)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw; a listener hears nothing, since the answer is there at once."""
        return await super().generate(request, meter, None)

    async def close(self) -> None:
        await self._rounds.close()

    async def _whole(self, request: GenerateRequest, meter: Meter) -> WireReply:
        body = self._bodies.whole(request)
        came = await self._rounds.ask(name_of(request, body), body, leave=meter.leave)
        return self._decoded(request, came)


def name_of(request: GenerateRequest, body: bytes) -> str:
    """The same for the same draws in every process: bodies alone do not tell two draws apart where
    the server takes no seed."""
    drawn = msgspec.json.encode((request.seeds, request.indices, request.replicate))
    return "tts-" + blake2b(body + drawn, digest_size=16).hexdigest()


class _Nowhere:
    """Requests outside of a batch have no way to go."""

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        raise BadRequest(f"{path} cannot be asked by the batch.")

    @asynccontextmanager
    async def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        raise BadRequest(f"{path} cannot be streamed by the batch.")
        yield

    async def close(self) -> None:
        """There is nothing to close."""
