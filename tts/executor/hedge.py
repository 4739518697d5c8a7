"""A second attempt beside one that takes long (hedged requests, Dean and Barroso 2013)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tts.protocols import OperationSpec

ENOUGH, MOST = 20, 256
"""Durations from which a quantile is taken, and most that are kept, per operation."""
Land = Callable[..., Awaitable[None]]
Attempt = Callable[[Land, asyncio.Event], Awaitable[None]]
"""Makes one attempt: hands its answer to the first, sets the second once it was sent."""


class Durations:
    """How long calls took, by operation."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}

    def add(self, spec: OperationSpec, seconds: float) -> None:
        """Remember an answered attempt of an operation that asks for a quantile."""
        if spec.hedge_quantile is not None:
            self._seconds.setdefault(spec.name, deque(maxlen=MOST)).append(seconds)

    def patience(self, spec: OperationSpec) -> float | None:
        """Seconds until a second attempt is sent; None: there is none, or too little is known."""
        if spec.effect in ("write", "irreversible"):
            return None
        known = self._seconds.get(spec.name, ())
        if spec.hedge_quantile is None or len(known) < ENOUGH:
            return spec.hedge
        return sorted(known)[min(len(known) - 1, int(spec.hedge_quantile * len(known)))]


async def hedged(
    attempt: Attempt, land: Land, *, after: float, lost: Callable[[Any], None]
) -> None:
    """One attempt, and another `after` seconds from its sending; the first answer lands.

    The other attempt is cancelled and settled like any other that was cut short. Where one fails
    the other decides; where both do, the first one's error is raised.

    Args:
        attempt: makes one; its slot, its reservation and its settlement are its own.
        land: commits and delivers an answer.
        after: seconds.
        lost: takes the settlement of an answer that came second.
    """
    tasks: list[asyncio.Task[None]] = []
    landed = False

    async def first_only(request: Any, answer: Any, row: Any) -> None:
        nonlocal landed
        if landed:
            lost(row)
            return
        landed = True
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
        await land(request, answer, row)

    async def make(sent: asyncio.Event) -> None:
        await attempt(first_only, sent)

    sent = asyncio.Event()
    tasks.append(asyncio.create_task(make(sent)))
    late = asyncio.create_task(_later(sent, after))
    try:
        await asyncio.wait([tasks[0], late], return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            tasks.append(asyncio.create_task(make(asyncio.Event())))
        await _one_good(tasks)
    finally:
        await _gone([late, *tasks])
    if not any(map(_good, tasks)):
        tasks[0].result()


async def _later(sent: asyncio.Event, after: float) -> None:
    await sent.wait()
    await asyncio.sleep(after)


async def _one_good(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Until one succeeded, or all have ended."""
    pending: set[asyncio.Task[None]] = set(tasks)
    while pending and not any(map(_good, tasks)):
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)


def _good(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


async def _gone(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
