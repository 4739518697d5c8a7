"""What a tool may learn about the call that it serves."""

from __future__ import annotations

from msgspec import Struct


class ToolContext(Struct, frozen=True, kw_only=True):
    """Handed to the parameter that is annotated with this class; no schema shows it."""

    call: str
    """The call's place in its plan."""
    key: str
    """Equal for every attempt of one call: an idempotency key for the other side."""
    task: str
    """The text of the task that is being solved."""
