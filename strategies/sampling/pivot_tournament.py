"""The best of many by comparisons with a few: a pivot tournament that ends when it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tts.answers import majority_vote
from tts.errors import BudgetExhausted
from tts.run import Comparer, Node, Outcome, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import ended
from tts.strategies.parts.select import Judged, Select, most_voted
from tts.values import Candidate, Problem, Score

Floats: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[int, int]
T = TypeVar("T")


class PivotTournament(StrategyBase):
    """Draw `n`, then let a judge compare the different answers, each with a few pivots.

    LLM-as-a-Verifier (arXiv 2607.05391), whose tournament does not end when it is decided, as this
    one does. One solution speaks for all draws with its answer. A comparison that fails, is refused
    or cannot be read is missing; of equals, and where nothing can be read, the most frequent answer
    stands.
    """

    name = "pivot_tournament"

    n: int = 8
    pivots: int = 2
    """Entrants that all others are compared with: at most n · (1 + pivots) pairs, in both orders."""
    compared: float = 0.5
    """Part of a budget that the draws leave for comparisons, 0…1."""

    def check(self) -> None:
        at_least(1, n=self.n, pivots=self.pivots)
        if not 0 <= self.compared < 1:
            raise ValueError(f"compared lies from 0 to below 1, not {self.compared}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        judge = run.comparer
        give_back = run.set_aside(self.compared)
        drawn = await _ends(run, run.sample(problem, n=self.n))
        give_back()
        drafts = [one.value for one in drawn if one.value is not None]
        vote = await majority_vote(drafts, run.equivalence)
        most_first = sorted(vote.classes, key=lambda one: -one.count)
        heard = await self._compare([drafts[one.representative] for one in most_first], judge, run)
        for error in (*(one.error for one in drawn), *(one.error for one in heard)):
            if isinstance(error, BudgetExhausted):
                raise error
        return await self.finish(problem, run)

    def selection(self) -> Select:
        return preferred

    async def _compare(
        self, entrants: Sequence[Candidate], judge: Comparer[Run], run: Run
    ) -> list[Outcome[float]]:
        """How every comparison ended; what they say of an entrant is kept as its score."""
        ends: list[Outcome[float]] = []
        table = Table(len(entrants), pivots=self.pivots)
        while pairs := table.wanted():
            nodes = [judge.prefer(entrants[i], entrants[j], run) for i, j in pairs]
            heard = await _ends(run, nodes)
            for pair, one in zip(pairs, heard, strict=True):
                table.hear(pair, one.value)
            ends += heard
        for place, mean in table.standings().items():
            run.kept.score(entrants[place], Score(value=mean))
        return ends


async def preferred(kept: Sequence[Judged], run: Run) -> Candidate | None:
    """The candidate that comparisons like best; of equals, and without any, the vote decides."""
    candidates = [one.candidate for one in kept]
    vote = await majority_vote(candidates, run.equivalence)
    votes = {candidates[one.representative].key: one.count for one in vote.classes}
    compared = [(one.score.value, one.candidate) for one in kept if one.score is not None]
    if not compared:
        return await most_voted(kept, run)
    return max(compared, key=lambda one: (one[0], votes.get(one[1].key, 0)))[1]


async def _ends(run: Run, nodes: Sequence[Node[T]]) -> list[Outcome[T]]:
    """How each call ended; a refused one leaves what the others found."""
    return list(await run.all([run.call(ended, node) for node in nodes]))


class Table:
    """What is known of a pivot tournament, and which comparisons are wanted next.

    Each entrant meets its neighbour on a ring, the `pivots` best of that become pivots, and every
    entrant that can still win meets them one after another. At most n + n · pivots comparisons. A
    comparison without a verdict is no vote: an entrant's mean is that of the verdicts it has, drawn
    to ½ by one verdict more, so that nobody wins by having few.
    """

    def __init__(self, size: int, *, pivots: int = 2) -> None:
        self._shares: Floats = np.full((size, size), np.nan)
        self._asked: set[frozenset[int]] = set()
        self._size, self._wanted = size, min(pivots, size)
        self._pivots: list[int] = []
        self._met: list[int] = []
        self._ringed = False

    def hear(self, pair: Pair, share: float | None) -> None:
        """The verdict on a pair, as the share of its first; None where there is none."""
        if share is None:
            return
        left, right = pair
        self._shares[left, right], self._shares[right, left] = share, 1.0 - share

    def wanted(self) -> list[Pair]:
        """The next comparisons, all of which may be made at once; empty when it is decided."""
        if not self._ringed:
            self._ringed = True
            return self._new([(i, (i + 1) % self._size) for i in range(self._size)])
        if not self._pivots:
            means = self._means()
            self._pivots = [int(i) for i in np.argsort(-means, kind="stable")[: self._wanted]]
        while len(self._met) < len(self._pivots) and len(open_ := self._open()) > 1:
            pivot = self._pivots[len(self._met)]
            self._met.append(pivot)
            if pairs := self._new([(i, pivot) for i in open_ if i != pivot]):
                return pairs
        return []

    def standings(self) -> dict[int, float]:
        """The mean of all verdicts on each entrant that has any, 0…1."""
        _, counts = self._sums()
        means = self._means()
        return {int(i): float(means[i]) for i in np.flatnonzero(counts)}

    def _new(self, pairs: Sequence[Pair]) -> list[Pair]:
        fresh: list[Pair] = []
        for pair in pairs:
            if len(set(pair)) == 2 and frozenset(pair) not in self._asked:
                self._asked.add(frozenset(pair))
                fresh.append(pair)
        return fresh

    def _sums(self) -> tuple[Floats, Floats]:
        """The shares of each entrant together, and how many verdicts they come from."""
        known = ~np.isnan(self._shares)
        return np.where(known, self._shares, 0.0).sum(axis=1), known.sum(axis=1).astype(float)

    def _means(self) -> Floats:
        return _drawn_to_half(*self._sums())

    def _open(self) -> list[int]:
        """Who can still end first, whatever the verdicts to come."""
        total, count = self._sums()
        left = np.full(self._size, float(self._wanted - len(self._met)))
        for pivot in self._pivots[len(self._met) :]:
            left[pivot] = self._size - 1.0 - count[pivot]
        most = _drawn_to_half(total + left, count + left)
        least = _drawn_to_half(total, count + left)
        return [int(i) for i in np.flatnonzero(most >= least.max())]


def _drawn_to_half(total: Floats, count: Floats) -> Floats:
    return np.asarray((total + 0.5) / (count + 1.0), dtype=np.float64)
