"""Streamed replies: server-sent events, and the reply put together again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tts.backends.openai_http.reply import (
    WireChoice,
    WireLogprobs,
    WireMessage,
    WireReply,
    content,
    refused,
    thoughts,
    token_logprobs,
)
from tts.values import Piece


async def events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each event, however the bytes were cut on their way.

    Lines end in LF or CRLF; comments and other fields are skipped; data lines of one event are
    joined by LF. An event that the stream's end cuts off counts, as the last line of a server that
    omits the final blank one. (WHATWG HTML, section 9.2.)
    """
    rest, data = b"", list[bytes]()
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            bare = line.removesuffix(b"\r")
            if not bare and data:
                yield b"\n".join(data)
                data.clear()
            data.extend(_data(bare))
    data.extend(_data(rest.removesuffix(b"\r")))
    if data:
        yield b"\n".join(data)


def _data(line: bytes) -> tuple[bytes, ...]:
    if not line.startswith(b"data:"):
        return ()
    return (line[5:].removeprefix(b" "),)


class Assembly:
    """Collects the chunks of a stream into the reply that would have come in one piece."""

    def __init__(self, n: int) -> None:
        self._drafts = [_Draft() for _ in range(n)]
        self._usage: Any = None
        self._closed = False
        self.size = 0
        """UTF-8 bytes of everything that came: at least as many as tokens."""

    def add(self, chunk: WireReply) -> list[tuple[int, str]]:
        """Take a chunk; the (draw, new text) pairs that it brought."""
        self._closed = chunk.usage is not None and not chunk.choices
        if chunk.usage is not None:
            self._usage = chunk.usage
        fresh = list[tuple[int, str]]()
        for position, choice in enumerate(chunk.choices or ()):
            if choice is None:
                continue
            index = position if choice.index is None else choice.index
            if 0 <= index < len(self._drafts):
                text, size = self._drafts[index].add(choice)
                self.size += size
                piece = Piece(text, token_logprobs(choice.logprobs))
                fresh.extend([(index, piece)] if text else ())
        return fresh

    @property
    def usage(self) -> Any:
        """The last usage that a chunk carried."""
        return self._usage

    @property
    def complete(self) -> bool:
        """Whether every draw that began has ended, or a bill without draws closed the stream."""
        begun = [draft for draft in self._drafts if draft.begun]
        ended = all(draft.last.finish_reason for draft in begun)
        return bool(begun) and (ended or self._closed)

    @property
    def reply(self) -> WireReply:
        """What has come so far."""
        choices = [
            draft.choice(index) if draft.begun else None for index, draft in enumerate(self._drafts)
        ]
        return WireReply(choices=choices, usage=self._usage)


class _Draft:
    """One draw as it grows."""

    def __init__(self) -> None:
        self.begun = False
        self.last = WireChoice()
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._refusal: list[str] = []
        self._tool_calls: Any = None
        self._ids: list[int] = []
        self._logprobs = WireLogprobs()

    def add(self, chunk: WireChoice) -> tuple[str, int]:
        """Take a piece; its text, and the bytes of its text and thoughts."""
        self.begun = True
        piece = WireChoice(message=chunk.delta, text=chunk.text)
        text, thought, refusal = content(piece), thoughts(piece) or "", refused(piece)
        self._text.append(text)
        self._thoughts.append(thought)
        self._refusal.append(refusal)
        if chunk.delta is not None:
            self._tool_calls = self._tool_calls or chunk.delta.tool_calls
        self._ids.extend(chunk.token_ids or ())
        if chunk.logprobs is not None:
            _extend(self._logprobs, chunk.logprobs)
        if chunk.finish_reason:
            self.last = chunk
        return text, len(f"{text}{thought}{refusal}".encode("utf-8", "replace"))

    def choice(self, index: int) -> WireChoice:
        message = WireMessage(
            content="".join(self._text),
            reasoning_content="".join(self._thoughts) or None,
            refusal="".join(self._refusal) or None,
            tool_calls=self._tool_calls,
        )
        return WireChoice(
            index=index,
            message=message,
            finish_reason=self.last.finish_reason,
            stop_reason=self.last.stop_reason,
            matched_stop=self.last.matched_stop,
            logprobs=self._logprobs,
            token_ids=self._ids,
        )


def _extend(whole: WireLogprobs, more: WireLogprobs) -> None:
    for name in ("content", "tokens", "token_logprobs", "top_logprobs"):
        fresh, kept = getattr(more, name), getattr(whole, name)
        if fresh and kept is None:
            setattr(whole, name, fresh)
        elif fresh:
            kept.extend(fresh)
