"""The asyncio side of a draw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tts.backends.embedded.draw import Draw
from tts.errors import CallError
from tts.protocols import TextListener


class PendingDraw:
    """A future that the decoding thread completes; made and awaited on one event loop."""

    def __init__(self, position: int, listener: TextListener | None) -> None:
        self._position = position
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[Draw] = self._loop.create_future()

    def grew(self, draw: Draw, text: str) -> None:
        """Pass new text on to the listener."""
        if self._listener is not None and not draw.cancelled:
            self._call(self._listener, self._position, text)

    def ended(self, draw: Draw, error: CallError | None) -> None:
        """Complete the future."""
        self._call(self._complete, draw, error)

    def _complete(self, draw: Draw, error: CallError | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(draw)
        else:
            self.done.set_exception(error)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        # A closed loop has nobody left who waits.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)
