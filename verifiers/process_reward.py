"""A process reward model as a verifier."""

from __future__ import annotations

from typing import Any

from tts.answers import Aggregate
from tts.protocols import Awaitable, StepScorer, Verbs
from tts.values import Candidate, Score
from tts.verifiers.reward import Render, StepScoring


class ProcessReward:
    """Scores every step and aggregates the steps to one value.

    `aggregate`: which step counts, `last`, `min`, `prod` or `mean` (Lightman et al. 2023 use the
    product, Wang et al. 2024 the minimum, Snell et al. 2024 the last).
    """

    def __init__(self, scorer: StepScorer, *, render: Render, aggregate: Aggregate = "min") -> None:
        self.scorer, self.aggregate = scorer, aggregate
        self.operation = StepScoring(scorer, how=aggregate, render=render)
        self.name = scorer.model.name

    @property
    def identity(self) -> Any:
        model = self.scorer.model
        return {"model": model.name, "revision": model.revision, "aggregate": self.aggregate}

    def score(self, candidate: Candidate | Awaitable[Candidate], run: Verbs) -> Awaitable[Score]:
        node: Awaitable[Score] = run.call(self.operation, candidate)
        return node

    async def close(self) -> None:
        await self.scorer.close()
