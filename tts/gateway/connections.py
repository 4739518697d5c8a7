"""How many clients may be connected at once, and what those beyond are told."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from tts.gateway.errors import ApiError
from tts.gateway.heads import BoundedHeads
from tts.gateway.wire import answer

WANTED = 65_536
"""Descriptors that are asked of the system, as far as it allows a process so many."""
RESERVED = 1024
"""Of them for the ledger and for calls to the model's server; half where there are few."""
SILENT = 75.0
"""Seconds within which a client has sent its first request's headers."""
REFUSED = 1.0
"""The same where there is no room: long enough to be told so."""


class Connection(BoundedHeads):
    """One client. Beyond `limit_concurrency` of them it is answered 503 and hung up on, and so is who
    says nothing: a process without descriptors could neither accept a client nor ask a model.
    """

    silent, refused = SILENT, REFUSED

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        most, self.limit_concurrency = self.limit_concurrency, None
        full = most is not None and len(self.connections) >= most
        super().connection_made(transport)
        if full:
            self.app = turned_away
        seconds = self.refused if full else self.silent
        self._silence = asyncio.get_running_loop().call_later(seconds, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence.cancel()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if self.cycle is None:
            self.transport.close()


async def turned_away(scope: Any, receive: Any, send: Any) -> None:
    """The application of a client for whom there is no room."""
    error = ApiError(503, "Too many clients are connected: try again in a moment.")
    await answer(send, error.status, error.body, {"retry-after": "1", "connection": "close"})


def most_connections() -> int:
    """Clients that this process has descriptors for, of which it is given as many as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = soft
    if soft != resource.RLIM_INFINITY and soft < WANTED:
        most = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    most = WANTED if most == resource.RLIM_INFINITY else most
    return max(most - RESERVED, most // 2)
