"""The decoding thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from tts.backends.embedded.decoder import Decoder
from tts.backends.embedded.draw import Draw
from tts.errors import CallError, Unavailable

_CLOSED = "The embedded model is closed."


class Scheduler:
    """Runs a decoder on one background thread, which starts with the first draw."""

    def __init__(self, decoder: Decoder, name: str) -> None:
        self._decoder = decoder
        self._name = name
        self._waiting: deque[Draw] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, draws: Sequence[Draw]) -> None:
        """Queue draws from any thread; raises Unavailable after `close`."""
        with self._changed:
            if self._closed:
                raise Unavailable(_CLOSED)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.extend(draws)
            self._changed.notify()

    def close(self) -> None:
        """End the thread after its current step; draws that are not done end with an error."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (arrived := self._arrivals()) is not None:
            lost = (*arrived, *self._decoder.active)
            try:
                self._decoder.join(arrived)
                self._decoder.step()
            except Exception as error:  # noqa: BLE001 — the thread must outlive any one batch
                self._fail(lost, Unavailable(f"The embedded model failed: {error!r}"))
                arrived.clear()
            with self._changed:
                self._waiting.extendleft(reversed(arrived))
        self._fail((*self._waiting, *self._decoder.active), Unavailable(_CLOSED))

    def _arrivals(self) -> deque[Draw] | None:
        """The waiting draws, once there is any work; None when closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or bool(self._waiting) or bool(self._decoder.active)
            )
            if self._closed:
                return None
            arrived = self._waiting
            self._waiting = deque()
            return arrived

    def _fail(self, lost: Sequence[Draw], error: CallError) -> None:
        self._decoder.clear()
        for draw in lost:
            if draw.finish_reason is None:
                draw.observer.ended(draw, error)
