"""The garbage collector and the heap of a process that runs nothing but jobs."""

from __future__ import annotations

import ctypes
import gc
from typing import Literal

YOUNG, MIDDLE, OLD = 20_000, 20, 20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's `mallopt`, as malloc.h numbers them."""
BLOCK, SPARE = 256 << 10, 1 << 20
"""Bytes from which a block is mapped by itself, and free ones at the heap's end that are kept."""
Allocator = Literal["glibc", "other"]


def fewer_collections() -> None:
    """Pass over what is loaded for good, and look at new objects less often.

    Runs and calls hold no circles and are freed at once, so that collections find next to nothing
    and cost a fifth of the time with many calls in flight. For a process of its own, as the
    commands are; a library leaves the collector of its user's process alone.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def steady_heap() -> Allocator:
    """Let large blocks go back to the system when they are freed; says whose heap it is.

    By itself glibc raises the size from which a block is mapped with every such block that is
    freed, up to 32 MiB, and gives every thread a heap of its own: arrays that come and go with
    every step of a model then lie between small objects that stay, and the heaps grow. Here the
    size stays at 256 KiB and all threads share one heap. To be called before threads start; for a
    process of its own, as the commands are. Does nothing where the C library is another.
    """
    try:
        library = ctypes.CDLL("libc.so.6")
        library.gnu_get_libc_version  # noqa: B018 — other libraries of that name have none
        mallopt = library.mallopt
    except (OSError, AttributeError):
        return "other"
    for parameter, value in (
        (M_ARENA_MAX, 1),
        (M_MMAP_THRESHOLD, BLOCK),
        (M_TRIM_THRESHOLD, SPARE),
    ):
        mallopt(parameter, value)
    return "glibc"
