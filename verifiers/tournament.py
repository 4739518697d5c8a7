"""The best of many by comparisons with a few: a pivot tournament that ends when it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts.run import Node, Run
from tts.values import Candidate
from tts.verifiers.asking import ended

Floats: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[int, int]


class Preference(Protocol):
    """What compares two candidates, such as `PairwiseJudge`."""

    def prefer(
        self, left: Candidate | Node[Candidate], right: Candidate | Node[Candidate], run: Run
    ) -> Node[float]:
        """The node that will hold the left one's share of the verdict, 0…1."""
        ...


class Table:
    """What is known of a pivot tournament, and which comparisons are wanted next.

    As LLM-as-a-Verifier (arXiv 2607.05391) has it: each entrant meets its neighbour on a ring, the
    `pivots` best of that become pivots, and every entrant that can still win meets them one after
    another. At most n + n · pivots comparisons. A comparison without a verdict is no vote: an
    entrant's mean is that of the verdicts it has, drawn to ½ by one verdict more, so that nobody
    wins by having few.
    """

    def __init__(self, size: int, *, pivots: int = 2) -> None:
        if size < 1 or pivots < 1:
            raise ValueError(f"A tournament has entrants and pivots, not {size} and {pivots}.")
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

    def winner(self) -> int:
        """The entrant with the greatest mean of all its verdicts; of equals the first pivot."""
        means = self._means()
        order = self._pivots + [i for i in range(self._size) if i not in self._pivots]
        return max(order, key=lambda i: float(means[i]))

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


class PivotTournament:
    """Chooses among candidates by a judge of pairs, with at most n · (1 + `pivots`) comparisons."""

    def __init__(self, judge: Preference, *, pivots: int = 2) -> None:
        if pivots < 1:
            raise ValueError(f"A tournament has at least one pivot, not {pivots}.")
        self._judge, self._pivots = judge, pivots

    async def choose(self, candidates: Sequence[Candidate], run: Run) -> Candidate:
        """The winner. A comparison that fails, is refused or cannot be read is missing; with none
        at all the first candidate stands. ValueError without candidates."""
        table = Table(len(candidates), pivots=self._pivots)
        while pairs := table.wanted():
            nodes = [self._judge.prefer(candidates[i], candidates[j], run) for i, j in pairs]
            for pair, heard in zip(
                pairs, await run.all([run.call(ended, node) for node in nodes]), strict=True
            ):
                table.hear(pair, heard.value)
        return candidates[table.winner()]
