"""What a generator needs of the way to its server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Transport(Protocol):
    """Carries JSON to one server; its errors are `CallError`s without credentials."""

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        """The body of a whole answer of at most `most` bytes; None: the transport's own limit."""
        ...

    def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The pieces of an answer as they come; leaving early aborts it."""
        ...

    async def close(self) -> None: ...
