"""Votes by how sure the model was of each draw, read from the log-probabilities of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import ceil
from statistics import fmean
from typing import Literal

import numpy as np

from tts.answers import ballots, vote
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Judged, Select
from tts.values import Candidate, Problem

ALTERNATIVES = 20
"""Candidates per token whose log-probabilities are asked for; the most that remote servers give."""


class SelfCertainty(StrategyBase):
    """Borda voting over ranks of self-certainty (Kang et al. 2025).

    Self-certainty is how far the token distributions are from uniform; from the top
    log-probabilities it is known up to a constant, which ranks do not see. The draw of rank r has
    (n - r + 1)^`power` votes; `power` 0 is majority voting, a great one takes the most certain.
    """

    name = "self_certainty"
    bounded = True

    n: int = 16
    power: float = 0.5
    alternatives: int = ALTERNATIVES

    def check(self) -> None:
        at_least(1, n=self.n, alternatives=self.alternatives)
        if self.power < 0:
            raise ValueError(f"power is not negative, {self.power}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n, logprobs=self.alternatives))
        answer: Candidate | None = await run.call(self._choose, list(drafts), run)
        return answer

    def selection(self) -> Select:
        return self._select

    async def _select(self, kept: Sequence[Judged], run: Run) -> Candidate | None:
        return await self._choose([entry.candidate for entry in kept], run)

    async def _choose(self, drafts: list[Candidate], run: Run) -> Candidate | None:
        certainties = [fmean(d.confidences) if d.confidences else None for d in drafts]
        return await confident_vote(drafts, borda(certainties, self.power), run)


def borda(certainties: Sequence[float | None], power: float) -> list[float | None]:
    """Votes by rank, the most certain first; none where the certainty is not known."""
    known = [value for value in certainties if value is not None]
    ranks = [None if v is None else 1 + sum(o > v for o in known) for v in certainties]
    return [None if rank is None else (len(known) - rank + 1) ** power for rank in ranks]


Measure = Literal["mean", "tail", "bottom", "lowest"]
"""Of the whole trace, of its last window, of its weakest tenth of windows, of its weakest one."""


def group_confidences(confidences: Sequence[float], window: int) -> list[float]:
    """Means over a sliding window of tokens; one mean over all where the trace is shorter."""
    size = min(window, len(confidences))
    sums = [0.0, *accumulate(confidences)]
    ends = range(size, len(confidences) + 1)
    return [(sums[end] - sums[end - size]) / size for end in ends] if size else []


def _mean(confidences: Sequence[float], window: int) -> float:
    return fmean(confidences)


def _tail(confidences: Sequence[float], window: int) -> float:
    return fmean(confidences[-window:])


def _bottom(confidences: Sequence[float], window: int) -> float:
    groups = sorted(group_confidences(confidences, window))
    return fmean(groups[: ceil(len(groups) / 10)])


def _lowest(confidences: Sequence[float], window: int) -> float:
    return min(group_confidences(confidences, window))


MEASURES: Mapping[Measure, Callable[[Sequence[float], int], float]] = {
    "mean": _mean,
    "tail": _tail,
    "bottom": _bottom,
    "lowest": _lowest,
}


def confidence(confidences: Sequence[float], measure: Measure, window: int) -> float | None:
    """One number for a trace (Fu et al. 2025, section 3.1); None where nothing was reported."""
    return MEASURES[measure](confidences, window) if confidences else None


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
