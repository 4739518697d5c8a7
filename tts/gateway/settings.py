"""What a gateway is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tts.gateway.keys import ANYBODY, Keys

ONE_DRAW = "single(temperature=null)"
"""What a request becomes where nobody names a strategy: one draw, as the client samples it."""


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """Limits of every request, whoever sends it."""

    keys: Keys = field(default_factory=lambda: Keys([ANYBODY]))
    strategy: str = ONE_DRAW
    """Where neither request nor key names one."""
    policies: Mapping[str, Path] = field(default_factory=dict)
    """Calibrated policies by the name that requests give; `auto` stands for that strategy."""
    task: str = ""
    """How answers are read where a request does not say; empty: as its model was trained to give
    them, else as text."""
    tasks: Mapping[str, str] = field(default_factory=dict)
    """By model, of those that were trained to give answers in a form of their own."""
    most_bytes: int = 4 << 20
    """Of a body; a larger one is refused unread (413)."""
    most_choices: int = 16
    """`n` of a request."""
    in_flight: int = 1024
    """Requests at once, of all keys."""
    progress: float = 0.5
    """Seconds between two progress comments of a stream."""

    def task_of(self, model: str) -> str:
        """How answers of a model are read where a request does not say."""
        return self.task or self.tasks.get(model, "chat")
