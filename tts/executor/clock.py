"""The time that every wait of the executor is measured by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds of a monotonic clock."""


def loop_time() -> float:
    """The clock of the running event loop, which its timers obey."""
    return asyncio.get_running_loop().time()
