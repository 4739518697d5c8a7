"""Coroutines for callers without an event loop of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the process's one background loop, so that open resources stay usable."""
    ended = threading.Event()
    future = asyncio.run_coroutine_threadsafe(_told(coroutine, ended), _loop())
    try:
        return future.result()
    except BaseException:
        if future.cancel():
            ended.wait(timeout=10)
        raise


async def _told(coroutine: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await coroutine
    finally:
        ended.set()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tts-loop", daemon=True).start()
    return loop
