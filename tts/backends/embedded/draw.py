"""One text being drawn, and its side on the event loop."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tts.errors import CallError
from tts.protocols import TextListener
from tts.values import FinishReason, Piece, Sampling, TokenLogprob


class DrawObserver(Protocol):
    """Told of a draw's progress, on the decoding thread."""

    def grew(self, draw: Draw, text: str) -> None:
        """New text came."""

    def ended(self, draw: Draw, error: CallError | None) -> None:
        """Nothing more will come."""


@dataclass(slots=True, eq=False)
class Draw:
    """What is asked for and what has come so far; the decoding thread alone appends to it."""

    prompt: tuple[int, ...]
    sampling: Sampling
    seed: int
    observer: DrawObserver
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    logprobs: list[TokenLogprob] = field(default_factory=list)
    told: int = 0
    """How many of the log-probabilities the observer has heard."""
    finish_reason: FinishReason | None = None
    stop: str | None = None
    cached: int = 0
    """Prompt tokens found in the prefix cache; counted on the first draw of a prompt only."""
    cancelled: bool = False
    """Set from any thread; the draw leaves the batch before the next step."""
    part: bytes = b""
    """Of a letter whose last byte has not come."""

    def append(self, token: int, piece: bytes, *, is_end: bool) -> None:
        """Take the next token, and end the draw where it says so.

        A letter whose bytes lie in several tokens comes with the last one; of one that the draw
        ends in nothing comes.
        """
        self.tokens.append(token)
        searched = len(self.text)
        whole = self.part + piece
        letters, used = codecs.utf_8_decode(whole, "replace", False)
        self.text, self.part = self.text + letters, whole[used:]
        if is_end:
            self.finish_reason = "stop"
        elif match := _first_stop(self.text, self.sampling.stop, searched):
            self.stop, end = match
            self.text = self.text[:end]
            self.finish_reason = "stop"
        elif len(self.tokens) >= self.sampling.max_tokens:
            self.finish_reason = "length"
        if len(self.text) > searched:
            fresh = tuple(self.logprobs[self.told :])
            self.told = len(self.logprobs)
            self.observer.grew(self, Piece(self.text[searched:], fresh))


def _first_stop(text: str, stops: tuple[str, ...], searched: int) -> tuple[str, int] | None:
    """The stop string that ends first in text, and where it ends; only new matches count."""
    found: tuple[str, int] | None = None
    for stop in stops:
        start = text.find(stop, max(0, searched - len(stop) + 1)) if stop else -1
        if start >= 0 and (found is None or start + len(stop) < found[1]):
            found = (stop, start + len(stop))
    return found


class PendingDraw:
    """A future that the decoding thread completes; made and awaited on one event loop."""

    def __init__(self, position: int, listener: TextListener | None) -> None:
        self._position = position
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()

    def grew(self, draw: Draw, text: str) -> None:
        """Pass new text on to the listener."""
        if self._listener is not None and not draw.cancelled:
            self._call(self._listener, self._position, text)

    def ended(self, draw: Draw, error: CallError | None) -> None:
        """Complete the future."""
        self._call(self._complete, error)

    def _complete(self, error: CallError | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        # A closed loop has nobody left who waits.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)
