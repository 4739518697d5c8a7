"""Several retrievers as one, and a second look at what was found."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tts.protocols import Retriever
from tts.values import Document

SMOOTHING = 60
"""The constant of reciprocal-rank fusion (Cormack et al. 2009)."""
DEPTH = 50
"""Documents that each retriever is asked for at least."""


def reciprocal_ranks(rankings: Sequence[Sequence[str]], *, smoothing: int = SMOOTHING) -> list[str]:
    """Ids by the sum of 1 / (smoothing + rank) over the rankings, the highest first; of equal sums
    the one that was met first (Cormack et al. 2009)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id in enumerate(ranking, start=1):
            scores[id] = scores.get(id, 0.0) + 1 / (smoothing + rank)
    return sorted(scores, key=lambda id: -scores[id])


@dataclass(frozen=True)
class Fused:
    """Reciprocal-rank fusion of retrievers of one corpus; one retrieval asks them all."""

    retrievers: tuple[Retriever, ...]
    depth: int = DEPTH

    @property
    def name(self) -> str:
        return "fused"

    @property
    def identity(self) -> Any:
        return {"fused": [one.identity for one in self.retrievers], "depth": self.depth}

    @property
    def cost(self) -> float | None:
        costs = [one.cost for one in self.retrievers]
        return None if None in costs else sum(cost or 0.0 for cost in costs)

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        depth = max(k, self.depth)
        found = await asyncio.gather(*(one.retrieve(query, depth) for one in self.retrievers))
        by_id = {one.id: one for ranking in found for one in ranking}
        order = reciprocal_ranks([[one.id for one in ranking] for ranking in found])
        return [by_id[id] for id in order[:k]]


Rerank = Callable[[str, Sequence[Document]], "Sequence[float] | Awaitable[Sequence[float]]"]
"""(query, documents) to a score for each: the higher, the better."""


@dataclass(frozen=True)
class Reranked:
    """The best `depth` documents of a retriever in the order of another judge's scores."""

    retriever: Retriever
    rerank: Rerank
    named: str
    """What changes the scores: a model and its revision; part of the key of every retrieval."""
    depth: int = DEPTH
    price: float | None = 0.0
    """Dollars for one reranking; None: unknown."""

    @property
    def name(self) -> str:
        return f"{self.retriever.name}+{self.named}"

    @property
    def identity(self) -> Any:
        return {"reranked": self.retriever.identity, "by": self.named, "depth": self.depth}

    @property
    def cost(self) -> float | None:
        first, second = self.retriever.cost, self.price
        return None if first is None or second is None else first + second

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        found = await self.retriever.retrieve(query, max(k, self.depth))
        scores = self.rerank(query, found)
        told = list(await scores if inspect.isawaitable(scores) else scores)
        if len(told) != len(found):
            raise ValueError(f"{self.named} gave {len(told)} scores for {len(found)} documents")
        order = sorted(range(len(found)), key=lambda place: -told[place])
        return [found[place] for place in order[:k]]
