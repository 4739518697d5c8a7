"""Conversations that grow."""

from __future__ import annotations

from collections.abc import Sequence

from tts.values import Message


def asking(turns: Sequence[Message], request: str) -> tuple[Message, ...]:
    """The turns with a request of the user at their end, in the same turn where it is the user's:
    many chat templates refuse two turns of one role in a row."""
    if turns and turns[-1].role == "user":
        joined = Message("user", f"{turns[-1].content}\n\n{request}")
        return (*turns[:-1], joined)
    return (*turns, Message("user", request))


def replying(turns: Sequence[Message], text: str) -> tuple[Message, ...]:
    """The turns with what the model said behind them."""
    return (*turns, Message("assistant", text))
