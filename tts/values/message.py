"""A chat message."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

MessageRole = Literal["system", "user", "assistant", "tool"]


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: MessageRole
    content: str
