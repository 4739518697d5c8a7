"""Foreign code: left whatever it does, and what went wrong in it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
GRACE = 0.5
"""Seconds that a cancelled tool has to end by itself."""
_ABANDONED: set[asyncio.Task[Any]] = set()


async def shielded(coroutine: Coroutine[Any, Any, T], *, grace: float) -> T:
    """Await foreign code; when cancelled, give it `grace` seconds and leave.

    Code that ignores its cancellation is closed: it sees GeneratorExit where it waits.
    """
    loop = asyncio.get_running_loop()
    task, ended = loop.create_task(coroutine), loop.create_future()
    task.add_done_callback(lambda _: None if ended.done() else ended.set_result(None))
    try:
        await ended  # as asyncio.wait does, at a fraction of its price
    except asyncio.CancelledError:
        task.cancel()
        try:
            await asyncio.wait([task], timeout=grace)
        finally:  # a second cancellation cuts the grace short
            if not task.done():
                _abandon(task, coroutine)
            elif not task.cancelled():
                task.exception()
        raise
    if task.cancelled():
        raise RuntimeError("the call cancelled itself")
    try:
        return task.result()
    finally:
        del task  # it holds the error, whose frames hold this one


async def in_thread(function: Callable[[], T]) -> T:
    """Run in a daemon thread, which nobody waits for once the caller is cancelled."""
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    done: asyncio.Future[T] = loop.create_future()

    def tell(value: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(value)
        else:
            done.set_exception(error)

    def work() -> None:
        value: Any = None
        failed: Exception | None = None
        try:
            value = context.run(function)
        except StopIteration as error:
            failed = RuntimeError(f"the tool raised StopIteration: {error}")
        except BaseException as error:  # noqa: BLE001 — foreign code may raise anything
            failed = error if isinstance(error, Exception) else RuntimeError(repr(error))
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, value, failed)

    threading.Thread(target=work, name="tts-tool", daemon=True).start()
    return await done


def _abandon(task: asyncio.Task[Any], coroutine: Coroutine[Any, Any, Any]) -> None:
    """Close a coroutine under its task, so that the task ends at its next turn.

    One that ignores even that is taken out of the loop's list of tasks, since `asyncio.run` would
    wait for it without end.
    """
    _ABANDONED.add(task)
    task.add_done_callback(_forget)
    try:
        coroutine.close()
    except BaseException:  # noqa: BLE001 — foreign code may raise anything
        asyncio.tasks._unregister_task(task)  # the documented name, underscore and all
        return
    task.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    _ABANDONED.discard(task)
    if not task.cancelled():
        task.exception()


def causes(error: BaseException) -> Iterator[str]:
    """The errors of a group one by one; of any other error, itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from causes(inner)
    else:
        yield f"{type(error).__name__}: {error}"
