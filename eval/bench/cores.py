"""Which core measures and which one serves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pinned() -> Iterator[int | None]:
    """Keep this process on its first core; yields another one, None where there is no other.

    Threads started inside stay there as well.
    """
    before = os.sched_getaffinity(0)
    mine, *others = sorted(before)
    os.sched_setaffinity(0, {mine})
    try:
        yield others[0] if others else None
    finally:
        os.sched_setaffinity(0, before)
