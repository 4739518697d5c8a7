"""Votes by how sure the model was of each draw, read from the log-probabilities of its tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from math import ceil, inf
from statistics import fmean
from typing import Any, Literal

import numpy as np

from tts.answers import ballots, vote
from tts.errors import CallFailed
from tts.run import Node, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Judged, Select
from tts.strategies.parts.stopping import Consensus, look
from tts.values import Candidate, Kept, Piece, Problem

ALTERNATIVES = 20
"""Candidates per token whose log-probabilities are asked for; the most that remote servers give."""

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


class ConfidenceVote(StrategyBase):
    """Draws with the log-probabilities of their tokens, among which a subclass chooses."""

    async def _vote(
        self, problem: Problem, run: Run, n: int, alternatives: int
    ) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=n, logprobs=alternatives))
        answer: Candidate | None = await run.call(self._choose, list(drafts), run)
        return answer

    def selection(self) -> Select:
        return self._select

    async def _select(self, kept: Sequence[Judged], run: Run) -> Candidate | None:
        return await self._choose([entry.candidate for entry in kept], run)

    async def _choose(self, drafts: list[Candidate], run: Run) -> Candidate | None:
        raise NotImplementedError


class SelfCertainty(ConfidenceVote):
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
        return await self._vote(problem, run, self.n, self.alternatives)

    async def _choose(self, drafts: list[Candidate], run: Run) -> Candidate | None:
        certainties = [fmean(d.confidences) if d.confidences else None for d in drafts]
        return await confident_vote(drafts, borda(certainties, self.power), run)


def borda(certainties: Sequence[float | None], power: float) -> list[float | None]:
    """Votes by rank, the most certain first; none where the certainty is not known."""
    known = [value for value in certainties if value is not None]
    ranks = [None if v is None else 1 + sum(o > v for o in known) for v in certainties]
    return [None if rank is None else (len(known) - rank + 1) ** power for rank in ranks]


class DeepConf(ConfidenceVote):
    """Draw `n` traces and vote with the most confident share `keep` of them (Fu et al. 2025).

    Confidence is read from the top log-probabilities. Where a backend reports none all traces
    weigh the same, so that the method is majority voting there.
    """

    name = "deepconf"
    bounded = True

    n: int = 32
    keep: float = 0.1
    measure: Measure = "tail"
    window: int = 2048
    alternatives: int = ALTERNATIVES

    def check(self) -> None:
        at_least(1, n=self.n, window=self.window, alternatives=self.alternatives)
        if not 0 < self.keep <= 1:
            raise ValueError(f"keep lies above 0 and at most at 1, not {self.keep}.")
        if self.measure not in MEASURES:
            raise ValueError(f"measure is one of {', '.join(MEASURES)}, not {self.measure!r}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        return await self._vote(problem, run, self.n, self.alternatives)

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


class DeepConfOnline(StrategyBase):
    """Warm up, then stop every trace whose confidence falls below the bar (Fu et al. 2025).

    `warmup` whole traces set the bar: the lowest window that a share `keep` of them stays above.
    The others start at once, are watched as they stream and cancelled at their first weak window.
    Traces below the bar do not vote. Drawing ends when a share `consensus` of the votes agrees.
    A trace that ended before its cancellation reached it is judged alike, so only its cost depends
    on timing. Without streamed log-probabilities whole traces are judged: nothing is saved then.
    """

    name = "deepconf_online"
    bounded = True

    n: int = 32
    warmup: int = 16
    keep: float = 0.1
    """0.1 is DeepConf-low of the paper, 0.9 DeepConf-high."""
    window: int = 2048
    consensus: float = 0.95
    alternatives: int = ALTERNATIVES

    def check(self) -> None:
        at_least(
            1, n=self.n, warmup=self.warmup, window=self.window, alternatives=self.alternatives
        )
        if self.warmup > self.n:
            raise ValueError(f"warmup ({self.warmup}) is at most n ({self.n}).")
        if not 0 < self.keep <= 1:
            raise ValueError(f"keep lies above 0 and at most at 1, not {self.keep}.")
        Consensus(self.consensus)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        warm = list(await run.all(run.sample(problem, n=self.warmup, logprobs=self.alternatives)))
        bar = self._bar(warm)
        strong = [draft for draft in warm if self._is_strong(draft, bar)]
        traces = run.sample(problem, n=self.n - self.warmup, logprobs=self.alternatives)
        watched = [
            run.call(partial(self._watch, run, trace, run.stream(trace), bar)) for trace in traces
        ]
        if await self._agree(strong, run):
            run.drop(traces)
            watched = []
        async for node in run.arrivals(watched):
            draft = await node
            strong += [draft] if draft is not None else []
            if draft is not None and await self._agree(strong, run):
                run.drop(traces)
                break
        answer: Candidate | None = await run.call(self._choose, strong, run)
        return answer

    def selection(self) -> Select:
        return self._select

    def _bar(self, warm: Sequence[Candidate]) -> float | None:
        lowest = [confidence(draft.confidences, "lowest", self.window) for draft in warm]
        known = [value for value in lowest if value is not None]
        return bar_of(known, self.keep) if known and len(known) == len(lowest) else None

    def _is_strong(self, draft: Candidate, bar: float | None) -> bool:
        lowest = confidence(draft.confidences, "lowest", self.window)
        return bar is None or lowest is None or lowest >= bar

    async def _watch(
        self, run: Run, trace: Node[Candidate], text: AsyncIterator[str], bar: float | None
    ) -> Candidate | None:
        """The finished trace, or None: it was weak, failed, or is no longer wanted."""
        group = RollingMean(self.window)
        try:
            async for piece in text:
                group.add([c for t in _tokens(piece) if (c := t.confidence) is not None])
                if bar is not None and group.full and group.lowest < bar:
                    run.drop([trace])
                    return None
            draft = await trace
        except CallFailed:
            run.drop([trace])
            return None
        return draft if self._is_strong(draft, bar) else None

    async def _agree(self, strong: Sequence[Candidate], run: Run) -> bool:
        return Consensus(self.consensus).stops(await look([Kept(draft) for draft in strong], run))

    async def _select(self, kept: Sequence[Judged], run: Run) -> Candidate | None:
        return await self._choose([entry.candidate for entry in kept], run)

    async def _choose(self, drafts: Sequence[Candidate], run: Run) -> Candidate | None:
        weights = [confidence(draft.confidences, "lowest", self.window) for draft in drafts]
        return await confident_vote(drafts, weights, run)


def _tokens(piece: str) -> Sequence[Any]:
    return piece.logprobs if isinstance(piece, Piece) else ()


class RollingMean:
    """Means over a sliding window, one value at a time."""

    def __init__(self, window: int) -> None:
        self._values: deque[float] = deque(maxlen=window)
        self._window, self._sum = window, 0.0
        self.lowest = inf
        """The least mean of a full window so far."""

    @property
    def full(self) -> bool:
        """Whether a whole window was seen."""
        return len(self._values) == self._window

    def add(self, values: Iterable[float]) -> None:
        for value in values:
            self._sum += value - (self._values[0] if self.full else 0.0)
            self._values.append(value)
            if self.full:
                self.lowest = min(self.lowest, self._sum / self._window)
