"""512 calls wait out a storm of 429, are answered once it is over, and never come as a herd."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.errors import RateLimited
from tts.executor.limiter import RateLimiter
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

    def most_within(self, seconds: float, since: float) -> int:
        """The most that came in any such time, of what came after the first refusals."""
        came = [when for when in self.came if when > since]
        return max(sum(start <= when < start + seconds for when in came) for start in came)


def test_after_a_storm_all_are_answered_within_seconds_and_few_were_refused_twice(lab: Any) -> None:
    model = Storm(lab.words(lambda *_: "\\boxed{42}"))
    result = lab.run(lab.solve(MajorityVote(n=CALLS), model))
    again = len(model.came) - len(model.answered) - CALLS
    assert (result.stopped_by, len(result.candidates)) == ("done", CALLS)
    assert max(model.answered) <= STORM + 5
    assert again <= 2 * STORM / WAIT
    assert sorted(model.answered)[CALLS // 4] >= STORM + 1


PER_MINUTE = 1200
"""A rate of 20 a second; 100 within five seconds."""


def test_with_a_rate_goodput_is_back_at_once_and_no_window_passes_it(lab: Any) -> None:
    model = Storm(lab.words(lambda *_: "\\boxed{42}"))
    rate = RateLimiter(PER_MINUTE, None)

    async def scene() -> Any:
        for _ in range(PER_MINUTE):
            await rate.acquire(0)  # the allowance that the bucket begins with
        return await lab.solve(MajorityVote(n=CALLS), model, rates={model.model.name: rate})

    result = lab.run(scene())
    assert (result.stopped_by, len(result.candidates)) == ("done", CALLS)
    assert model.most_within(5.0, 0.0) <= 1.1 * PER_MINUTE / 12
    after = sum(STORM + 5 <= when < STORM + 20 for when in model.answered)
    assert after >= 0.9 * 15 * PER_MINUTE / 60
