"""Processor and wall time of a stretch of work."""

from __future__ import annotations

import gc
import time
from types import TracebackType
from typing import Self


class Meter:
    """Measures a `with` block: seconds of all threads of this process, and of the clock."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self.wall = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cpu = time.process_time() - self._cpu
        self.wall = time.perf_counter() - self._wall
