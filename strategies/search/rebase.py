"""REBASE and DORA: a tree whose width is balanced by reward, or shared out over directions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil, exp, fsum, sqrt
from typing import Any, Literal

import numpy as np

from tts.protocols import Operation
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.expand import (
    affordable_width,
    expand,
    largest_remainder,
    normalised,
    rounds,
)
from tts.strategies.parts.select import Choice, Select, chosen, split_finished
from tts.values import Candidate, Problem, Scored


class Rebase(StrategyBase):
    """Reward-balanced search (Wu et al. 2024, "Inference scaling laws", section 3).

    Every live candidate is continued, the better the more often: children in proportion to
    exp(score / temperature). A finished one takes one from the width, so that at most `n` finish
    before the last round is reached. The width is never more than what is left of the budget could
    take to the end.
    """

    name = "rebase"
    bounded = stepwise = True
    reads = False

    n: int = 16
    """The tree's width, the paper's W."""
    rounds: int = 25
    """Most steps; the last round runs to the end."""
    temperature: float = 0.2
    """Of the softmax over scores; greater spreads more evenly."""
    select: Choice = "weighted"
    """How the answer is chosen among the finished."""

    def check(self) -> None:
        at_least(1, n=self.n, rounds=self.rounds)
        if self.temperature <= 0:
            raise ValueError(f"temperature is greater than 0, not {self.temperature}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        live: list[Problem | Candidate] = [problem]
        widths, done = [affordable_width(run, self.n)], list[Scored]()
        narrow = sum(widths) < self.n
        for until in rounds(self.rounds):
            children = [
                child
                for source, width in zip(live, widths, strict=True)
                for child in expand(run, source, width, until=until, repeats=True)
            ]
            ended, unfinished = split_finished(await run.all(children))
            done += ended
            if not unfinished or len(done) >= self.n:
                break
            live = [one.candidate for one in unfinished]
            widths = await self.widths(unfinished, affordable_width(run, self.n - len(done)), run)
        if narrow and len(done) < self.n:
            return await self.finish(problem, run)
        answer: Candidate | None = await run.call(self.selection(), done, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

    async def widths(self, live: Sequence[Scored], width: int, run: Run) -> list[int]:
        """Children per live candidate; they sum to `width`."""
        scores = [one.score.value for one in live]
        return softmax_widths(scores, width, temperature=self.temperature)


EDGE = 1e-9
"""Rounding noise that must not buy another child."""


def softmax_widths(scores: Sequence[float], width: int, *, temperature: float) -> list[int]:
    """Children per leaf, in proportion to exp(score / temperature); they sum to `width`.

    Best leaf first, each gets its share of what is left, rounded up, and leaves the rest to those
    behind it (Wu et al. 2024, REBASE, section 3).
    """
    highest = max(scores, default=0.0)
    weights = [exp((score - highest) / temperature) for score in scores]
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    widths = [0] * len(scores)
    for turn, leaf in enumerate(order):
        rest = fsum(weights[i] for i in order[turn:])
        share = weights[leaf] / rest if rest > 0 else 1.0
        widths[leaf] = min(width, ceil(width * share - EDGE))
        width -= widths[leaf]
    return widths


QUALITY = 0.1
UNIQUENESS = 0.01
"""Temperatures of the paper: T_b over scores, T_s over similarities."""


class DORA(Rebase):
    """Direction-oriented resource allocation (Wang et al. 2025).

    REBASE gives a direction that was drawn twice two shares. Here a candidate's share is divided
    by how many others say the same, and shares become whole numbers by largest remainder.
    The paper tells directions apart by embeddings; without an embedder it is done by words, which
    finds repetitions and misses paraphrases. `parameters` says which.
    """

    name = "dora"

    directions: Literal["words"] | Operation = "words"
    """By `words`, or by an operation from a list of texts to a vector for each, paid like any call.
    """
    temperature: float = 0.1

    def check(self) -> None:
        super().check()
        if isinstance(self.directions, str) and self.directions != "words":
            told = f"not {self.directions!r}"
            raise ValueError(f"directions is words or an embedding operation, {told}.")

    @property
    def bounded(self) -> bool:  # type: ignore[override]  # an embedder is asked about what came
        return isinstance(self.directions, str)

    @property
    def parameters(self) -> dict[str, Any]:
        by = self.directions
        told = by if isinstance(by, str) else by.spec.model or by.spec.name
        return {**super().parameters, "directions": told}

    async def widths(self, live: Sequence[Scored], width: int, run: Run) -> list[int]:
        texts = [one.candidate.text for one in live]
        if isinstance(self.directions, str):
            similarity = word_similarity(texts)
        else:
            similarity = cosines(await run.call(self.directions, texts))
        scores = [one.score.value for one in live]
        shares = direction_shares(scores, similarity, temperature=self.temperature)
        return largest_remainder(shares, width)


def direction_shares(
    scores: Sequence[float],
    similarity: Sequence[Sequence[float]],
    *,
    temperature: float = QUALITY,
) -> list[float]:
    """w_i γ_i, normalised: quality times how much of its direction a candidate is.

    w is the softmax of scores, γ_i the diagonal of the row-wise softmax of the similarities
    (Wang et al. 2025, DORA, section 4): k equal candidates have γ = 1/k each.
    """
    quality = normalised([score / temperature for score in scores])
    unique = [
        normalised([value / UNIQUENESS for value in row])[i] for i, row in enumerate(similarity)
    ]
    raw = [w * gamma for w, gamma in zip(quality, unique, strict=True)]
    whole = sum(raw)
    return [value / whole for value in raw]


def cosines(vectors: Sequence[Sequence[float]]) -> list[list[float]]:
    """Cosines between all pairs; a vector of zeros is like nothing."""
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(lengths > 0, lengths, 1.0)
    found: list[list[float]] = (unit @ unit.T).tolist()
    return found


_WORD = re.compile(r"\w+|[^\w\s]")


def word_similarity(texts: Sequence[str]) -> list[list[float]]:
    """Cosines between word counts: 1 for the same words in any order, 0 for none in common.

    It sees wording, not meaning: the same direction in other words counts as another one.
    """
    counts = [Counter(_WORD.findall(text.lower())) for text in texts]
    lengths = [sqrt(sum(count * count for count in bag.values())) for bag in counts]
    return [
        [
            1.0 if left == right else _product(left, right) / (long * other or 1.0)
            for right, other in zip(counts, lengths, strict=True)
        ]
        for left, long in zip(counts, lengths, strict=True)
    ]


def _product(left: Counter[str], right: Counter[str]) -> float:
    return float(sum(count * right[word] for word, count in left.items()))
