"""DeepConf, offline: confident traces vote, with their confidence as weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.confidence import MEASURES, Measure, confidence
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Judged
from tts.values import Candidate, Problem
from tts.voting import ballots, vote

ALTERNATIVES = 20
"""Candidates per token whose log-probabilities are asked for; the most that remote servers give."""


class DeepConf:
    """Draw `n` traces and vote with the most confident share `keep` of them (Fu et al. 2025).

    Confidence is read from the top log-probabilities. Where a backend reports none all traces
    weigh the same, so that the method is majority voting there.
    """

    name = "deepconf"
    bounded = True

    def __init__(
        self,
        *,
        n: int = 32,
        keep: float = 0.1,
        measure: Measure = "tail",
        window: int = 2048,
        alternatives: int = ALTERNATIVES,
    ) -> None:
        at_least(1, n=n, window=window, alternatives=alternatives)
        if not 0 < keep <= 1:
            raise ValueError(f"keep lies above 0 and at most at 1, not {keep}.")
        if measure not in MEASURES:
            raise ValueError(f"measure is one of {', '.join(MEASURES)}, not {measure!r}.")
        self.n, self.keep, self.window, self.alternatives = n, keep, window, alternatives
        self.measure: Measure = measure

    @property
    def parameters(self) -> dict[str, Any]:
        told = {"n": self.n, "keep": self.keep, "measure": self.measure}
        return {**told, "window": self.window, "alternatives": self.alternatives}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n, logprobs=self.alternatives))
        answer: Candidate | None = await run.call(self._choose, list(drafts), run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self._select)

    async def _select(self, kept: Sequence[Judged], run: Run) -> Candidate | None:
        return await self._choose([entry.candidate for entry in kept], run)

    async def _choose(self, drafts: list[Candidate], run: Run) -> Candidate | None:
        weights = [confidence(d.confidences, self.measure, self.window) for d in drafts]
        kept = most_confident(weights, self.keep)
        return await confident_vote([drafts[i] for i in kept], [weights[i] for i in kept], run)


def most_confident(weights: Sequence[float | None], share: float) -> list[int]:
    """Positions at or above the quantile that leaves a share; all where any weight is unknown."""
    known = [weight for weight in weights if weight is not None]
    if len(known) < len(weights) or not known:
        return list(range(len(weights)))
    bar = bar_of(known, share)
    return [place for place, weight in enumerate(known) if weight >= bar]


def bar_of(weights: Sequence[float], share: float) -> float:
    """The confidence that a share of traces reaches."""
    return float(np.quantile(np.asarray(weights), 1.0 - share))


async def confident_vote(
    drafts: Sequence[Candidate], weights: Sequence[float | None], run: Run
) -> Candidate | None:
    """A vote weighed by confidence; plain where it is not known of every trace."""
    known = [weight for weight in weights if weight is not None]
    plain = [1.0] * len(drafts)
    counted = await vote(
        ballots(drafts), known if len(known) == len(drafts) else plain, run.equivalence
    )
    if counted.winner is None:
        return None
    return drafts[counted.winner.representative]
