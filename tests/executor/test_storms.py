"""512 calls wait out a storm of 429, and are answered once it is over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import RateLimited
from tts.strategies import MajorityVote

CALLS, STORM, WAIT = 512, 10.0, 2.0
"""Calls at once, seconds for which each is refused, and seconds that it is told to wait."""


class Storm:
    """A model that refuses all that comes before its storm is over; it notes when it answered."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.came: list[float] = []
        self.answered: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, *args: Any) -> Any:
        now = asyncio.get_running_loop().time()
        self.came.append(now)
        if now < STORM:
            raise RateLimited("429", retry_after=WAIT)
        self.answered.append(now)
        return await self.inner.generate(*args)


@pytest.mark.timeout(60)
def test_after_a_storm_all_are_answered_within_seconds_and_each_knocked_once_per_wait(
    lab: Any,
) -> None:
    model = Storm(lab.words(lambda *_: "\\boxed{42}"))
    result = lab.run(lab.solve(MajorityVote(n=CALLS), model))
    refused = len(model.came) - len(model.answered)
    assert (result.stopped_by, len(result.candidates)) == ("done", CALLS)
    assert max(model.answered) <= STORM + 5
    assert refused <= CALLS * STORM / WAIT
