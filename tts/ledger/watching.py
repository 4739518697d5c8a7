"""Who is told of every row that a ledger is handed, where the environment asks for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Protocol

from tts.errors import UsageError
from tts.protocols import Row

SPANS = "TTS_OTEL"
"""Set to anything: what is recorded is exported as OpenTelemetry spans, too."""


class Watcher(Protocol):
    """Told of rows as they are handed over, on whichever thread hands them."""

    def __call__(self, rows: Sequence[Row]) -> None: ...

    def close(self) -> None:
        """The ledger is closed; may block for some seconds."""
        ...


def exporters() -> list[Watcher]:
    """What exports spans; none, and nothing imported, where they are not wanted."""
    if not os.environ.get(SPANS):
        return []
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise UsageError(f"{SPANS} is set, which needs: pip install 'tts-engine[otel]'.")
    from tts.ledger.spans import Spans

    return [Spans.exporting()]
