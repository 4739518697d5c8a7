"""Retrieval by words: BM25 over an inverted index."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from tts.errors import UsageError
from tts.retrieval.corpus import Corpus
from tts.retrieval.store import Store, stored
from tts.values import Document

K1, B = 1.5, 0.75
STOPWORDS = "en"


class BM25:
    """Okapi BM25 in Lucene's form, by `bm25s` (Lù 2024): English stop words, no stemming.

    Asked in the event loop: a query takes milliseconds, also among 10⁵ passages. Words that no
    document holds find nothing, so fewer than `k` documents may come.
    """

    name = "bm25"
    cost: float | None = 0.0

    def __init__(self, corpus: Corpus, store: Store | None = None) -> None:
        """`store`: where the index is kept; None: it is made anew each time. Raises `UsageError`
        where the package is not installed."""
        if find_spec("bm25s") is None:
            raise UsageError("Retrieval by words needs the package bm25s: pip install bm25s.")
        self.corpus = corpus
        self._index = stored(store, f"bm25-{corpus.digest}", self._built, _saved, _loaded)

    @property
    def identity(self) -> Any:
        return {"bm25": [K1, B, STOPWORDS], "corpus": self.corpus.digest}

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        return [self.corpus.documents[place] for place in self.ranked(query, k)]

    def ranked(self, query: str, k: int) -> list[int]:
        """Places in the corpus, the best first; of equal scores the earlier one."""
        words = [word for word in _words([query])[0] if word in self._index.vocab_dict]
        if not words:
            return []
        scores = self._index.get_scores(words)
        return best(scores, k, above=0.0)

    def _built(self) -> Any:
        import bm25s

        index = bm25s.BM25(k1=K1, b=B)
        index.index(_words(self.corpus.texts), show_progress=False)
        return index


def best(scores: np.ndarray[Any, Any], k: int, *, above: float = -np.inf) -> list[int]:
    """Places of the `k` highest scores, the highest first; of equal ones the earlier."""
    k = min(k, len(scores))
    if k < 1:
        return []
    least = max(float(np.partition(scores, -k)[-k]), above)
    places = np.flatnonzero(scores >= least)
    order = places[np.argsort(-scores[places], kind="stable")][:k]
    return [int(place) for place in order if scores[place] > above]


def _words(texts: Sequence[str]) -> Any:
    import bm25s

    return bm25s.tokenize(list(texts), stopwords=STOPWORDS, return_ids=False, show_progress=False)


def _saved(index: Any, folder: Any) -> None:
    index.save(str(folder), show_progress=False)


def _loaded(folder: Any) -> Any:
    import bm25s

    return bm25s.BM25.load(str(folder))
