"""How a command ends: its exit codes, and what Ctrl-C and SIGTERM do to it.

A signal ends the work in order, nothing is printed but one line, and the exit code says why.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAILED, MISUSED, UNISOLATED, INFRASTRUCTURE, BROKEN = 1, 2, 4, 5, 70
"""A run or a tool failed; the command cannot be carried out as given; generated code cannot be
isolated as far as was demanded; the machine failed for some instances; a fault of tts itself."""
UNANSWERED = frozenset({"failed", "suspended", "outage"})
"""Ends of runs that leave a question without an answer for a reason of their own."""
PATIENCE = 3.0
"""Seconds that a busy event loop has to notice a signal."""
CODES = 128
"""A process that a signal ended exits with this and the signal's number: 130 for Ctrl-C."""


class Interrupted(BaseException):
    """A signal ended the command; `code` is the exit code that tells which."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.code = CODES + number


def raise_interrupted(number: int, _frame: FrameType | None) -> None:
    """Outside an event loop a signal is an exception, which closes what is open on its way."""
    raise Interrupted(number)


@contextmanager
def signals_to(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """`handler` for every signal, and the old ones after it.

    One that is ignored, as behind `nohup`, stays so; but for Ctrl-C, which scripts ignore in what
    they start in the background, where it is still the way to end a job in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [n for n, before in old.items() if before != signal.SIG_IGN or n == signal.SIGINT]
    for number in heard:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, old[number])


def run_noting(work: Coroutine[Any, Any, T]) -> tuple[T, int]:
    """The value of `work`, and the exit code of the signal that cut it short, 0 without one.

    The first signal cancels `work`, which may still return what it has; where it does not, or
    where it is busy for `PATIENCE` seconds without looking up, `Interrupted` is raised once
    everything is closed. A second signal ends the process at once: the ledger is safe at any
    moment.
    """
    stop = Stop()
    with signals_to(stop):
        try:
            return asyncio.run(stop.cancellable(work)), stop.code
        except asyncio.CancelledError:
            if stop.number is None:
                raise
            raise Interrupted(stop.number) from None
        finally:
            stop.rest()


class Stop:
    """A signal that is passed on to the one task of an event loop."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Future[Any] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(CODES + number)
        self.number = number
        if self._loop is not None:
            signal.signal(signal.SIGALRM, self._lose_patience)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
            self._loop.call_soon_threadsafe(self._cancel)

    async def cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._loop, self._task = asyncio.get_running_loop(), task
        if self.number is not None:
            task.cancel()
        return await task

    @property
    def code(self) -> int:
        return 0 if self.number is None else CODES + self.number

    def rest(self) -> None:
        """The loop has ended: nothing is waited for any more."""
        self._loop = None
        if self.number is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _cancel(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._task is not None:
            self._task.cancel()

    def _lose_patience(self, _number: int, _frame: FrameType | None) -> None:
        """The loop does not turn: something reads or reckons without end inside of it."""
        assert self.number is not None
        raise Interrupted(self.number)


def run(work: Coroutine[Any, Any, T]) -> T:
    """The value of `work`; `Interrupted` where a signal came, once everything is closed."""
    value, code = run_noting(work)
    if code:
        raise Interrupted(code - CODES)
    return value
