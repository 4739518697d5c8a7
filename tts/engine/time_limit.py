"""How long a run may take, and what is said where it waits for long."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

LOG = logging.getLogger("tts")
CLOSING, GRACE = 2.0, 3.0
"""Seconds after its deadline until which a run may draw a closing answer, and by which it has ended:
cancellations, settlements and last commits included."""
SAID_AFTER = 2.0
"""Seconds after which it is told what the end of a run waits for."""


class Waits:
    """Tells what is waited for once that takes long: of one thing the first time, and from then on
    at each tenfold count, so that a thousand runs that wait are four lines."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        """Tell that it is waited for if that takes longer than `SAID_AFTER`."""
        timer = asyncio.get_running_loop().call_later(
            SAID_AFTER, self.tell, f"Still waiting for {what}."
        )
        try:
            yield
        finally:
            timer.cancel()

    def tell(self, text: str) -> None:
        """A warning, or one more of its kind that is only counted."""
        self._told[text] += 1
        count = self._told[text]
        if count == 1:
            LOG.warning(text)
        elif str(count).rstrip("0") == "1":
            LOG.warning(f"{text} So far {count:,} times.")


class TimeLimit:
    """When a run that begins now has to have ended; `seconds` None: there is no deadline.

    `waits` are those of the job, where several runs share them.
    """

    def __init__(self, seconds: float | None, waits: Waits | None = None) -> None:
        self.waits = waits or Waits()
        now = asyncio.get_running_loop().time()
        self.seconds = seconds
        self.deadline = None if seconds is None else now + seconds
        self.closing = None if self.deadline is None else self.deadline + CLOSING
        self.end = None if self.deadline is None else self.deadline + GRACE

    async def landing(self, awaitable: Awaitable[Any], what: str, *, most: float = GRACE) -> bool:
        """Wait for a part of the end, no longer than the grace and, where there is a deadline, than
        `most` seconds; whether it came to its end."""
        now = asyncio.get_running_loop().time()
        clock = asyncio.timeout_at(None if self.end is None else min(self.end, now + most))
        with self.waits.said(what):
            try:
                async with clock:
                    await awaitable
            except TimeoutError:
                if not clock.expired():
                    raise
                self.waits.tell(f"A run is past its deadline and goes on without {what}.")
                return False
        return True
