"""Processor and wall time of a stretch of work."""

from __future__ import annotations

import gc
import time
from types import TracebackType
from typing import Self


class Meter:
    """Measures a `with` block: seconds of all threads of this process, of those that are not the
    one that measures, and of the clock."""

    def __init__(self) -> None:
        self.cpu = self.elsewhere = self.wall = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._own, self._wall = time.thread_time(), time.perf_counter()
        self._cpu = time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cpu = time.process_time() - self._cpu
        self.elsewhere = self.cpu - (time.thread_time() - self._own)
        self.wall = time.perf_counter() - self._wall
