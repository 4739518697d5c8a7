"""A provider's batch service as this engine sees it, and OpenAI's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from msgspec import Struct

from tts.backends.openai_http.errors import Translated
from tts.backends.openai_sdk import sdk_error
from tts.backends.secret import Secret

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

T = TypeVar("T")
MARK = "tts-engine"
"""A key of the metadata of every batch that is sent from here."""
WINDOW: Literal["24h"] = "24h"
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""States after which nothing more comes."""


class BatchState(Struct, frozen=True, kw_only=True):
    """A batch at one moment."""

    id: str
    status: str
    input_file: str
    output_file: str | None = None
    error_file: str | None = None
    reason: str = ""
    """Why a batch failed as a whole."""
    created_at: float = 0.0
    """Seconds since the epoch."""
    model: str = ""
    """Of our own batches: the model that all of its lines ask."""

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class BatchProvider(Protocol):
    """Takes files of requests and gives files of answers. Errors leave it as `CallError`s."""

    async def submit(self, lines: bytes, *, path: str, model: str) -> BatchState:
        """Send a file, a request a line, and have it worked on."""
        ...

    async def state(self, batch: str) -> BatchState: ...

    def listed(self, *, since: float) -> AsyncIterator[BatchState]:
        """The batches that were sent from here since a moment, the newest first."""
        ...

    async def content(self, file: str) -> bytes:
        """A whole file."""
        ...

    async def close(self) -> None: ...


class OpenAIBatches:
    """`/files` and `/batches` of OpenAI and its kin, through the `openai` package."""

    def __init__(self, base_url: str, api_key: Secret | None, *, timeout: float = 600.0) -> None:
        self._base_url, self._api_key, self._timeout = base_url, api_key, timeout
        self._translated = Translated(api_key, translate=sdk_error)
        self._made: AsyncOpenAI | None = None

    async def submit(self, lines: bytes, *, path: str, model: str) -> BatchState:
        client = self._client()
        file = await self._asked(client.files.create(file=("tts.jsonl", lines), purpose="batch"))
        made = client.batches.create(
            input_file_id=file.id,
            endpoint=f"/v1{path}",  # type: ignore[arg-type]  # one of two that chat models have
            completion_window=WINDOW,
            metadata={MARK: "1", "model": model},
        )
        return _state(await self._asked(made))

    async def state(self, batch: str) -> BatchState:
        return _state(await self._asked(self._client().batches.retrieve(batch)))

    async def listed(self, *, since: float) -> AsyncIterator[BatchState]:
        with self._translated:
            async for one in self._client().batches.list(limit=100):
                if one.created_at < since:
                    return
                if MARK in (one.metadata or {}):
                    yield _state(one)

    async def content(self, file: str) -> bytes:
        found = await self._asked(self._client().files.content(file))
        return found.content

    async def close(self) -> None:
        client, self._made = self._made, None
        if client is not None:
            await client.close()

    async def _asked(self, call: Awaitable[T]) -> T:
        with self._translated:
            return await call

    def _client(self) -> AsyncOpenAI:
        if self._made is None:
            from openai import AsyncOpenAI

            self._made = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key.reveal() if self._api_key else "none",
                max_retries=0,
                timeout=self._timeout,
            )
        return self._made


def _state(batch: Batch) -> BatchState:
    told = batch.errors.data if batch.errors is not None and batch.errors.data else []
    return BatchState(
        id=batch.id,
        status=batch.status,
        input_file=batch.input_file_id,
        output_file=batch.output_file_id,
        error_file=batch.error_file_id,
        reason="; ".join(str(error.message) for error in told[:3]),
        created_at=float(batch.created_at),
        model=(batch.metadata or {}).get("model", ""),
    )
