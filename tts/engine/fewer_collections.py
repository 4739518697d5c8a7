"""The garbage collector of a process that runs nothing but jobs."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 20


def fewer_collections() -> None:
    """Pass over what is loaded for good, and look at new objects less often.

    Runs and calls hold no circles and are freed at once, so that collections find next to nothing
    and cost a fifth of the time with many calls in flight. For a process of its own, as the
    commands are; a library leaves the collector of its user's process alone.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
