"""Numbers for the attempts of one process."""

from __future__ import annotations

from itertools import count

from tts.errors import Sent


class Serials:
    """Counts attempts, so that their rows lie in the order in which they are written."""

    def __init__(self, process: str) -> None:
        self.process = process
        self._next = count()
        self._open: dict[tuple[str, str], int] = {}

    def begin(self, job: str, attempt: str) -> int:
        """The number of an attempt that begins, or that has begun."""
        serial = self._open.get((job, attempt))
        if serial is None:
            serial = self._open[job, attempt] = next(self._next)
        return serial

    def end(self, job: str, attempt: str, *, state: Sent) -> int | None:
        """The number of an attempt that ends; None: it never began here, or ended before.

        What is `sent_unknown` may still come to be known.
        """
        if state == "sent_unknown":
            return self._open.get((job, attempt))
        return self._open.pop((job, attempt), None)
