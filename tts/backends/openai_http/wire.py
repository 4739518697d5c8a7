"""The parts of a server's reply that are read, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct


class TopLogprob(Struct, gc=False):
    """An alternative to a chosen token."""

    token: str = ""
    logprob: float | None = None


class TokenEntry(Struct):
    """A chosen token of a chat reply."""

    token: str = ""
    logprob: float | None = None
    top_logprobs: list[TopLogprob] | None = None


class WireLogprobs(Struct):
    """Chat replies fill `content`; completion replies the three parallel lists."""

    content: list[TokenEntry] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None


class WireMessage(Struct):
    """A chat turn, or what a streamed chunk adds to it."""

    content: str | list[Any] | None = None
    """Text, or a list of strings and typed parts."""
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None


class WireChoice(Struct):
    """One draw, or what a streamed chunk adds to it."""

    index: int | None = None
    message: WireMessage | None = None
    delta: WireMessage | None = None
    text: str | None = None
    finish_reason: Any = None
    stop_reason: Any = None
    matched_stop: Any = None
    logprobs: WireLogprobs | None = None
    token_ids: list[int] | None = None


class WireReply(Struct):
    """A reply of `/chat/completions` or `/completions`, or a chunk of one."""

    choices: list[WireChoice | None] | None = None
    usage: Any = None
    error: Any = None


REPLY: msgspec.json.Decoder[WireReply] = msgspec.json.Decoder(WireReply)
