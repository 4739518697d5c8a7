"""One hand-over to the writer."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from tts.protocols import Row


class Entry:
    """Rows to write, or a task to run in a transaction of its own; and who waits for it."""

    __slots__ = ("error", "future", "rows", "task", "value")

    def __init__(
        self,
        rows: Sequence[Row] = (),
        *,
        future: Future[Any] | None = None,
        task: Callable[[Connection], Any] | None = None,
    ) -> None:
        self.rows = rows
        self.future = future
        self.task = task
        self.value: Any = None
        self.error: BaseException | None = None

    def resolve(self) -> None:
        """Tell who waits; runs on the loop of the future."""
        future = self.future
        if future is None or future.done():
            return
        if self.error is None:
            future.set_result(self.value)
        else:
            future.set_exception(self.error)
            # Nobody has to await a commit; the next write raises the same error.
            future.exception()


def deliver(entries: Iterable[Entry]) -> None:
    """Resolve the futures of a batch in order, waking each event loop once."""
    loops: dict[AbstractEventLoop, list[Entry]] = {}
    for entry in entries:
        if entry.future is not None:
            loops.setdefault(entry.future.get_loop(), []).append(entry)
    for loop, waiting in loops.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(resolve, waiting)


def resolve(entries: Iterable[Entry]) -> None:
    for entry in entries:
        entry.resolve()
