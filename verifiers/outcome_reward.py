"""A reward model that reads a whole solution."""

from __future__ import annotations

from typing import Any

from tts.protocols import Awaitable, StepScorer, Verbs
from tts.values import Candidate, Score
from tts.verifiers.reward import Render, StepScoring


class OutcomeReward:
    """One score per candidate: the whole text is the scorer's only step."""

    def __init__(self, scorer: StepScorer, *, render: Render) -> None:
        self.scorer = scorer
        self.operation = StepScoring(scorer, how="last", render=render, whole=True)
        self.name = scorer.model.name

    @property
    def identity(self) -> Any:
        model = self.scorer.model
        return {"model": model.name, "revision": model.revision, "outcome": True}

    def score(self, candidate: Candidate | Awaitable[Candidate], run: Verbs) -> Awaitable[Score]:
        node: Awaitable[Score] = run.call(self.operation, candidate)
        return node

    async def close(self) -> None:
        await self.scorer.close()
