"""The last words of a process that somebody else starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from typing import TextIO

from tts.values.visible import visible

LINES, LENGTH = 8, 160
"""Most lines that an error shows, and characters of each."""
_KEPT = 8192
"""Bytes of the end that are kept."""
_CHUNK, _CHUNKS = 1 << 16, 16
_FRAME = "│╭╰"
"""Lines that begin so are source code in a traceback that is drawn in boxes."""
_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""Terminal sequences: colours, titles, links."""


class StderrTail:
    """Reads a pipe as it fills and keeps its end, so that no writer waits and no file grows."""

    def __init__(self) -> None:
        self.total = 0
        """Bytes that were written so far."""
        self._kept = b""
        self._pipe: int | None = None
        self._errlog: TextIO | None = None
        self._ended = asyncio.Event()

    @contextlib.contextmanager
    def opened(self) -> Iterator[TextIO]:
        """What to give the process for its stderr; read from until the context is left."""
        loop = asyncio.get_running_loop()
        self._pipe, writing = os.pipe()
        os.set_blocking(self._pipe, False)
        loop.add_reader(self._pipe, self._read)
        self._errlog = os.fdopen(writing, "w")
        try:
            yield self._errlog
        finally:
            self._read()
            self._errlog.close()
            self._close()

    def started(self) -> None:
        """The process has its own end of the pipe: from now on its death is noticed."""
        if self._errlog is not None:
            self._errlog.close()

    async def settled(self, patience: float) -> None:
        """Returns when the process has said all, at the latest after `patience` seconds."""
        if self._pipe is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), patience)

    def last(self, since: int = 0) -> str:
        """The last lines written after the first `since` bytes, as the end of a message.

        Empty where there are none. No character of them acts on a terminal.
        """
        self._read()
        fresh = self._kept[-min(len(self._kept), max(0, self.total - since)) :]
        text = _CODES.sub("", fresh.decode("utf-8", "replace")) if self.total > since else ""
        lines = [visible(line.strip(), LENGTH) for line in re.split(r"[\r\n]+", text)]
        said = " | ".join([line for line in lines if line and line[0] not in _FRAME][-LINES:])
        return f"; its stderr ends with: {said}" if said else ""

    def _read(self) -> None:
        for _ in range(_CHUNKS):
            if self._pipe is None:
                return
            try:
                data = os.read(self._pipe, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                return self._close()
            self.total += len(data)
            self._kept = (self._kept + data)[-_KEPT:]

    def _close(self) -> None:
        self._ended.set()
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None
