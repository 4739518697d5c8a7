"""The executor's clock, and time-outs of many tasks by one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol

Clock = Callable[[], float]
"""Seconds of a monotonic clock."""


def loop_time() -> float:
    """The clock of the running event loop, which its timers obey."""
    return asyncio.get_running_loop().time()


class Timed(Protocol):
    """Something that is told when its time is up."""

    when: float
    """Seconds of the loop's clock."""

    def expire(self) -> None: ...


class Deadline:
    """A `with` block that raises `TimeoutError` where it takes longer; for one task, once."""

    __slots__ = ("_cancelling", "_deadlines", "expired", "task", "when")

    def __init__(self, deadlines: Deadlines, when: float) -> None:
        self._deadlines, self.when = deadlines, when
        self.expired = False
        self._cancelling = 0

    def expire(self) -> None:
        self.expired = True
        self.task.cancel()

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self._deadlines.watch(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._deadlines.open.discard(self)
        own = self.expired and self.task.uncancel() <= self._cancelling
        if own and isinstance(error, asyncio.CancelledError):
            raise TimeoutError from error


class Deadlines:
    """Hands out deadlines. A timer of its own per call costs more than all else about a time-out;
    one timer stands for the earliest and looks at the others when it fires."""

    def __init__(self) -> None:
        self.open: set[Timed] = set()
        self._timer: asyncio.TimerHandle | None = None

    def after(self, seconds: float) -> Deadline:
        """A deadline that begins now."""
        return Deadline(self, asyncio.get_running_loop().time() + seconds)

    def watch(self, deadline: Timed) -> None:
        self.open.add(deadline)
        if self._timer is None or deadline.when < self._timer.when():
            self._set_timer(deadline.when)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for deadline in [one for one in self.open if one.when <= now]:
            self.open.discard(deadline)
            deadline.expire()
        if self.open:
            self._set_timer(min(deadline.when for deadline in self.open))
