"""What was sent and must not be sent again, whatever a patch says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tts.errors import CallError, CallFailed

_encode = msgspec.json.Encoder(order="deterministic").encode


class Sent:
    """Calls with an effect whose outcome is unknown: an equal call of a later patch is refused."""

    def __init__(self) -> None:
        self._unknown: set[bytes] = set()

    def failed(self, tool: str, arguments: Mapping[str, Any], error: Exception | None) -> None:
        """Remember a failed call, unless it provably never took place."""
        cause = error.cause if isinstance(error, CallFailed) else error
        if isinstance(cause, CallError) and cause.sent == "not_sent":
            return
        self._unknown.add(_encode((tool, arguments)))

    def refuses(self, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Whether an equal call was sent before and nobody knows what became of it."""
        return bool(self._unknown) and _encode((tool, arguments)) in self._unknown
