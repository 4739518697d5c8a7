"""What the server makes each call of a search wait, noted beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Any

from tts.backends.fault_server import FaultPlan
from tts.backends.openai_http import HTTPGenerator, HTTPStepScorer
from tts.backends.openai_http.connection import Transport
from tts.protocols import (
    GenerateReply,
    GenerateRequest,
    Meter,
    StepScoreReply,
    StepScoreRequest,
    TextListener,
)
from tts.values import Message, Model, split_steps

_SECONDS: ContextVar[float] = ContextVar("seconds")
"""Of the request that the current task sent last."""
Place = tuple[str, tuple[str, ...]]
"""The question and the steps of a text."""


class Notes:
    """Seconds of every draft and of its score, by question and text."""

    def __init__(self) -> None:
        self.drafts: dict[Place, float] = {}
        self.scores: dict[Place, float] = {}
        self.depths: dict[Place, int] = {}
        """Steps before the draft."""

    @property
    def work(self) -> float:
        """Seconds of all calls."""
        return sum(self.drafts.values()) + sum(self.scores.values())

    @property
    def longest(self) -> float:
        """Of one question: the sum over rounds of the slowest draft with its score."""
        slowest: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for place, seconds in self.drafts.items():
            rounds, depth = slowest[place[0]], self.depths[place]
            rounds[depth] = max(rounds[depth], seconds + self.scores.get(place, 0.0))
        return max((sum(rounds.values()) for rounds in slowest.values()), default=0.0)

    def ideal(self, cap: int) -> float:
        """No search of these rounds is over sooner with `cap` calls in flight."""
        return max(self.longest, self.work / cap)


class NotedTransport:
    """Foretells what a server that follows a plan makes each request wait."""

    def __init__(self, inner: Transport, plan: FaultPlan) -> None:
        self.inner, self.plan = inner, plan

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        _SECONDS.set(self.plan.seconds_for(body))
        return await self.inner.post(path, body, most=most)

    def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self.inner.stream(path, body, most=most)

    async def close(self) -> None:
        await self.inner.close()


class NotedGenerator(HTTPGenerator):
    """Notes its drafts."""

    def __init__(self, model: Model, *, notes: Notes, **how: Any) -> None:
        super().__init__(model, **how)
        self.notes = notes

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        reply = await super().generate(request, meter, listener)
        for completion in reply.completions:
            if completion is not None:
                place = place_of(request.messages, split_steps(request.prefix + completion.text))
                self.notes.drafts[place] = _SECONDS.get()
                self.notes.depths[place] = len(split_steps(request.prefix))
        return reply


class NotedScorer(HTTPStepScorer):
    """Notes its scores."""

    def __init__(self, model: Model, *, notes: Notes, **how: Any) -> None:
        super().__init__(model, **how)
        self.notes = notes

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        reply = await super().score_steps(request, meter)
        self.notes.scores[place_of(request.messages, request.steps)] = _SECONDS.get()
        return reply


def place_of(messages: Sequence[Message], steps: Sequence[str]) -> Place:
    """Where a call is noted: by the last turn and the text so far."""
    return messages[-1].content, tuple(steps)
