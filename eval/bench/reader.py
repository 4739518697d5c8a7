"""`reader`: what iterations and demonstrations buy the small model that was trained to read.

What is asked and what has to hold was fixed before any reader had answered: on questions of two hops
`iterdrag` recovers at least half of what lies between one call on retrieved documents and one on those
that hold the answer, and demonstrations help where only they say which source is right. The worlds
are those of seeds that nothing else looks at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from msgspec import Struct

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.engine import Engine
from tts.eval.bench.report import Row, at_least, exactly, figure
from tts.eval.metrics.text_answers import references_of, text_score
from tts.eval.problems import load_problems
from tts.eval.statistics import paired_interval
from tts.protocols import GenerateReply, GenerateRequest, Meter, Retriever, TextListener
from tts.retrieval import BM25, read_corpus
from tts.run import Strategy
from tts.strategies import DRAG, RAG, IterDRAG
from tts.values import Document, Problem, Result

SEEDS = range(200, 212)
PER_BIN = 3
PLAIN, DISPUTED = (3,), (4, 5)
"""Bins of questions of two hops: the sources agree on all of it, and not."""
AT_ONCE = 16


class Way(Struct, frozen=True):
    """A strategy, and whether the documents of a question are those that hold its answer."""

    strategy: Strategy
    oracle: bool = False


class Found(Struct, frozen=True):
    """Of a way, by question."""

    right: Mapping[str, float]
    """1 for an exact match."""
    context: Mapping[str, int]
    """Prompt tokens of all calls together."""


class Oracle:
    """Finds what the answer to a question rests on; for other queries it asks another retriever."""

    name = "oracle"
    cost: float | None = 0.0

    def __init__(self, other: BM25, problems: Sequence[Problem]) -> None:
        self._other = other
        self._by_id = {one.id: one for one in other.corpus.documents}
        self._support = {one.prompt: one.metadata["support"] for one in problems}

    @property
    def identity(self) -> Any:
        return {"oracle": self._other.identity}

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        if query not in self._support:
            return await self._other.retrieve(query, k)
        return [self._by_id[id] for id in self._support[query]][:k]


WAYS: Mapping[str, Way] = {
    "one call": Way(RAG(k=10)),
    "iterations": Way(IterDRAG(k=5, m=0, n=2)),
    "oracle": Way(RAG(k=10), oracle=True),
    "one call, demonstrations": Way(DRAG(k=10, m=2)),
    "iterations, demonstrations": Way(IterDRAG(k=5, m=2, n=2)),
    "oracle, demonstrations": Way(DRAG(k=10, m=2), oracle=True),
}


def reader() -> list[Row]:
    """Fresh worlds, each way on the same questions."""
    return asyncio.run(_rows())


async def _rows() -> list[Row]:
    model, sent = EmbeddedModel.shipped("reader"), Sent()
    found = {name: await answered(way, model, sent) for name, way in WAYS.items()}
    told = sum(tokens for one in found.values() for tokens in one.context.values())
    return [
        *_recovered(found, "", PLAIN),
        *_recovered(found, ", demonstrations", (*PLAIN, *DISPUTED)),
        *_gain(found, "one call", (2,)),
        *_gain(found, "iterations", DISPUTED),
        exactly(
            "effective context less the prompt tokens of the calls",
            told - sent.tokens,
            "tokens",
            bar=0,
        ),
    ]


@dataclass
class Sent:
    """Prompt tokens of all requests, counted apart from what the engine says of them."""

    tokens: int = 0


class Counting(EmbeddedGenerator):
    """Counts the prompts that it is sent."""

    def __init__(self, model: EmbeddedModel, sent: Sent) -> None:
        super().__init__(model)
        self._sent = sent

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        self._sent.tokens += self.count_prompt(request.messages, request.prefix)
        return await super().generate(request, meter, listener)


async def answered(way: Way, model: EmbeddedModel, sent: Sent) -> Found:
    """All questions of all worlds."""
    right: dict[str, float] = {}
    context: dict[str, int] = {}
    for seed in SEEDS:
        problems = load_problems(f"facts:n={5 * PER_BIN},seed={seed}")
        words = BM25(read_corpus(Path(f"facts:{seed}")))
        retriever: Retriever = Oracle(words, problems) if way.oracle else words
        engine = Engine(
            Counting(model, sent),
            verifier=None,
            retriever=retriever,
            demonstrations=Path(f"facts:{seed}"),
        )
        for problem, result in await _solved(engine, way.strategy, problems):
            right[problem.id] = text_score(result.answer, references_of(problem)).em
            context[problem.id] = result.usage.prompt_tokens
    return Found(right, context)


async def _solved(
    engine: Engine, strategy: Strategy, problems: Sequence[Problem]
) -> list[tuple[Problem, Result]]:
    room = asyncio.Semaphore(AT_ONCE)

    async def solved(problem: Problem) -> tuple[Problem, Result]:
        async with room:
            return problem, await engine.solve(problem, strategy=strategy)

    async with engine:
        return await asyncio.gather(*map(solved, problems))


def _recovered(found: Mapping[str, Found], more: str, bins: Sequence[int]) -> list[Row]:
    """How much of the way from one call to the oracle documents iterations go."""
    low, middle, high = (found[f"{way}{more}"] for way in ("one call", "iterations", "oracle"))
    asked = _asked(bins)
    rows = [
        figure(f"{asked}: {name}{more}", _mean(one.right, bins), "right")
        for name, one in (("one call", low), ("iterations", middle), ("oracle documents", high))
    ]
    rows += [
        figure(f"{asked}: {name}{more}", _mean(one.context, bins), "tokens of context a question")
        for name, one in (("one call", low), ("iterations", middle))
    ]
    past = by_world(
        {id: middle.right[id] - (low.right[id] + high.right[id]) / 2 for id in low.right}, bins
    )
    gap = _mean(high.right, bins) - _mean(low.right, bins)
    share = (_mean(middle.right, bins) - _mean(low.right, bins)) / gap if gap else float("nan")
    half = paired_interval(past, seed=0)
    return [
        *rows,
        at_least(f"{asked}: share of the gap recovered{more}", share, "", bar=0.5),
        at_least(
            f"{asked}: right beyond half of the gap{more}, lower bound of 95 % over worlds",
            half.low,
            "",
            bar=0,
        ),
    ]


def _gain(found: Mapping[str, Found], way: str, bins: Sequence[int]) -> list[Row]:
    """What demonstrations add."""
    with_, without = found[f"{way}, demonstrations"].right, found[way].right
    gain = paired_interval(by_world({id: with_[id] - without[id] for id in with_}, bins), seed=0)
    return [
        at_least(
            f"{_asked(bins)}: {way}, what two demonstrations add, {_percent(gain.value)}; lower "
            "bound of 95 % over worlds",
            gain.low,
            "right",
            bar=0,
        )
    ]


def _asked(bins: Sequence[int]) -> str:
    return f"bin {bins[0]}" if len(bins) == 1 else f"bins {bins[0]} to {bins[-1]}"


def _percent(share: float) -> str:
    return f"{100 * share:+.0f} points"


def _mean(figures: Mapping[str, float], bins: Sequence[int]) -> float:
    return fmean(by_world(figures, bins))


def by_world(figures: Mapping[str, float], bins: Sequence[int]) -> list[float]:
    """The means of questions of these bins, a world each: questions of one world are not
    independent, since what is thought of its sources is thought of all of them."""
    worlds: dict[str, list[float]] = {}
    for id, value in figures.items():
        _, bin_, seed, _ = id.split("-")
        if int(bin_) in bins:
            worlds.setdefault(seed, []).append(value)
    return [fmean(worlds[seed]) for seed in sorted(worlds)]
