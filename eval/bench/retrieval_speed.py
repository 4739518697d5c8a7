"""How fast passages are indexed and asked for, what a graph of vectors misses, what a kill loses."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import fmean, median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from tts.eval.bench.measuring import Meter
from tts.eval.bench.report import Row, at_least, at_most, exactly, figure
from tts.retrieval import BM25, Corpus, Dense, SentenceVectors, StaticVectors, Store, read_corpus
from tts.retrieval.dense import BLOCK
from tts.values import Document

DEPTH = 10
PASSAGES, WORDS = 100_000, 80
KILLED, FIRST_WORDS = 1200, 12
"""Passages of the index that is killed, and how many of their words are read."""


def made_up(source: Corpus, passages: int = PASSAGES) -> Corpus:
    """Passages of words as frequent as those of a corpus."""
    random = Random(0)
    words = [word for one in source.documents for word in one.text.split()]
    return Corpus(
        tuple(
            Document(str(number), " ".join(random.choices(words, k=WORDS)))
            for number in range(passages)
        )
    )


def speed(source: Corpus, queries: Sequence[str]) -> list[Row]:
    """On passages that are made up; a query's time is its CPU, which others' work hardly changes."""
    corpus = made_up(source)
    what = f"{len(corpus):,} passages"
    with Meter() as built:
        words = BM25(corpus)
    rows = [
        at_most(f"{what}: BM25 index, CPU", built.cpu, "s", bar=60),
        figure(f"{what}: BM25 index, wall time", built.wall, "s"),
        at_most(f"{what}: a query by BM25, CPU", _median_ms(words, queries), "ms", bar=5),
    ]
    if find_spec("wordllama"):
        with TemporaryDirectory() as folder:
            rows += _vectors(what, corpus, queries, Store(Path(folder)))
    return rows


def _vectors(what: str, corpus: Corpus, queries: Sequence[str], store: Store) -> list[Row]:
    """Static vectors, compared with all others, then along a graph of them where that is installed."""
    with Meter() as embedded:
        exact = Dense(corpus, StaticVectors(), store, exact=True)
    rows = [
        at_most(f"{what}: static vectors, CPU of two cores", embedded.cpu / 2, "s", bar=40),
        figure(f"{what}: static vectors, wall time", embedded.wall, "s"),
        figure(f"{what}: a query by static vectors, exact, CPU", _median_ms(exact, queries), "ms"),
    ]
    if find_spec("usearch"):
        with Meter() as built:
            graph = Dense(corpus, StaticVectors(), store, exact=False)
        found = f"{what}: share of the exact top {DEPTH} that the graph finds"
        rows += [
            figure(f"{what}: graph of static vectors, CPU", built.cpu, "s"),
            at_most(f"{what}: a query by the graph, CPU", _median_ms(graph, queries), "ms", bar=5),
            figure(found, recall(graph, exact, queries), ""),
        ]
    return rows


def recall(graph: Dense, exact: Dense, queries: Sequence[str]) -> float:
    """The mean share of an exact top `DEPTH` that another search finds."""
    return fmean(
        len(set(graph.ranked(one, DEPTH)) & set(exact.ranked(one, DEPTH))) / DEPTH
        for one in queries
    )


def graph_of(corpus: Corpus, queries: Sequence[str]) -> list[Row]:
    """What a graph of the vectors of real passages misses."""
    if not (find_spec("wordllama") and find_spec("usearch")):
        return []
    exact, graph = (Dense(corpus, StaticVectors(), exact=which) for which in (True, False))
    what = f"{len(corpus):,} passages of MuSiQue: share of the exact top {DEPTH} that a graph finds"
    return [at_least(what, recall(graph, exact, queries), "", bar=0.95)]


def killed(place: Path) -> list[Row]:
    """An index of sentence vectors whose making is killed with -9, and made again."""
    corpus = beginnings(read_corpus(place))
    embedder = _Counting()
    with TemporaryDirectory() as folder:
        done = _kill(place, Path(folder)) // (4 * embedder.size)
        Dense(corpus, embedder, Store(Path(folder)))
    again = embedder.texts - (len(corpus) - done)
    what = "sentence vectors, their making killed with -9"
    return [
        at_least(f"{what}: vectors on disk by then", done, "", bar=BLOCK),
        exactly(f"{what}: of these, made again", again, "", bar=0),
    ]


def beginnings(corpus: Corpus) -> Corpus:
    """The first words of the first passages: quick to embed."""
    parts = corpus.documents[:KILLED]
    return Corpus(
        tuple(Document(one.id, " ".join(one.text.split()[:FIRST_WORDS])) for one in parts)
    )


class _Counting(SentenceVectors):
    """Knows how many texts it was given."""

    texts = 0

    def embed(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        return super().embed(texts)


_MAKING = """
import sys
from pathlib import Path
from tts.eval.bench.retrieval_speed import beginnings
from tts.retrieval import Dense, SentenceVectors, Store, read_corpus

Dense(beginnings(read_corpus(Path(sys.argv[1]))), SentenceVectors(), Store(Path(sys.argv[2])))
"""


def _kill(place: Path, folder: Path) -> int:
    """Bytes of whole vectors that a process has left that was killed after its first block."""
    process = subprocess.Popen([sys.executable, "-c", _MAKING, str(place), str(folder)])
    try:
        while process.poll() is None and not _written(folder):
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return _written(folder)


def _written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.f32"))


def _median_ms(retriever: BM25 | Dense, queries: Sequence[str]) -> float:
    took = []
    for query in queries:
        start = process_time()
        retriever.ranked(query, DEPTH)
        took.append(1000 * (process_time() - start))
    return median(took)
