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
FAILED, MISUSED, BROKEN = 1, 2, 70
"""A run or a tool failed; the command cannot be carried out as given; a fault of tts itself."""
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
    """`handler` for every signal that is not ignored, as behind `nohup`; the old ones after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number, before in old.items() if before != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, old[number])


def run_noting(work: Coroutine[Any, Any, T]) -> tuple[T, int]:
    """The value of `work`, and the exit code of the signal that cut it short, 0 without one.

    The first signal cancels `work`, which may still return what it has; where it does not,
    `Interrupted` is raised once everything is closed. A second signal ends the process at once:
    the ledger is safe at any moment.
    """
    seen: list[int] = []
    cancel: list[Callable[[], object]] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if seen:
            os._exit(CODES + number)
        seen.append(number)
        for one in cancel:
            one()

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if seen:
            task.cancel()
        return await task

    with signals_to(stop):
        try:
            return asyncio.run(cancellable()), CODES + seen[0] if seen else 0
        except asyncio.CancelledError:
            if not seen:
                raise
            raise Interrupted(seen[0]) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    """The value of `work`; `Interrupted` where a signal came, once everything is closed."""
    value, code = run_noting(work)
    if code:
        raise Interrupted(code - CODES)
    return value
