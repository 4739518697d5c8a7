"""Retrieval by meaning: vectors of texts, and which of them are near."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tts.errors import BadReply, UsageError
from tts.retrieval.corpus import Corpus
from tts.retrieval.neighbours import neighbours
from tts.retrieval.store import Store, Vectors, embedded
from tts.tools.shielded import in_thread
from tts.values import Document

BLOCK = 512
"""Texts that are embedded at once, and what a killed process may lose."""


class Embedder(Protocol):
    """Texts to vectors. One that waits for somebody else while it embeds says so in `waits`; it is
    asked on a thread of its own, and may leave `waits` out otherwise."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Any:
        """What changes its vectors, as JSON-able data."""
        ...

    @property
    def size(self) -> int:
        """Numbers of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, of any length."""
        ...


class Dense:
    """Cosine similarity to every document, exact; of more than 10⁵ along a graph, which may miss
    some, where the package for it is installed."""

    def __init__(
        self,
        corpus: Corpus,
        embedder: Embedder,
        store: Store | None = None,
        *,
        cost: float | None = 0.0,
        exact: bool | None = None,
    ) -> None:
        """`store`: where vectors are kept; an index that was begun there is gone on with. `cost`:
        dollars of a query; None: unknown. `exact`: None: as the number of documents suggests."""
        self.corpus, self.embedder, self.cost = corpus, embedder, cost
        self._neighbours = neighbours(self._all(store), exact, store, self._named)

    @property
    def name(self) -> str:
        return self.embedder.name

    @property
    def identity(self) -> Any:
        told = {"embedder": self.embedder.identity, "corpus": self.corpus.digest}
        by = self._neighbours.identity
        return told if by is None else {**told, "neighbours": by}

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        if getattr(self.embedder, "waits", False):
            places = await in_thread(partial(self.ranked, query, k))
        else:
            places = self.ranked(query, k)
        return [self.corpus.documents[place] for place in places]

    def ranked(self, query: str, k: int) -> list[int]:
        """Places in the corpus, the most similar first."""
        return self._neighbours.nearest(self._unit([query])[0], k)

    @property
    def _named(self) -> str:
        """What is kept of these texts under this embedder."""
        return f"{self.name}-{self.embedder.size}-{self.corpus.digest}"

    def _all(self, store: Store | None) -> Vectors:
        texts = self.corpus.texts
        if store is None:
            blocks = range(0, len(texts), BLOCK)
            return np.concatenate([self._unit(texts[at : at + BLOCK]) for at in blocks])
        return embedded(
            store, self._named, texts, size=self.embedder.size, embed=self._unit, block=BLOCK
        )

    def _unit(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, so that products are cosines; one of length 0 stays."""
        vectors = np.asarray(self.embedder.embed(texts), dtype=np.float32)
        if vectors.shape != (len(texts), self.embedder.size):
            raise BadReply(
                f"Embedder {self.name!r} gave vectors of shape {vectors.shape} for {len(texts)} "
                f"texts; its index holds {self.embedder.size} numbers a text."
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


class StaticVectors:
    """The mean of the vectors of a text's tokens: those of WordLlama, which lie in its wheel.

    Needs no network and no torch. Its files are read and its code is not run, which would set up
    logging of its own.
    """

    name = "static"
    identity = "wordllama l2_supercat 256"
    size = 256

    def __init__(self) -> None:
        """Raises `UsageError` where the package is not installed."""
        found = find_spec("wordllama")
        if found is None or not found.submodule_search_locations:
            raise UsageError(
                "Static word vectors need the package wordllama: pip install 'tts-engine[vectors]'."
            )
        self._folder = Path(next(iter(found.submodule_search_locations)))

    def embed(self, texts: Sequence[str]) -> Vectors:
        tokenizer, table = self._read
        ids = [
            one.ids for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ]
        counts = np.array([len(one) for one in ids])
        flat = np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=int(counts.sum()))
        sums = np.zeros((len(texts), self.size), dtype=np.float32)
        known = counts > 0
        if known.any():
            starts = (np.cumsum(counts) - counts)[known]
            sums[known] = np.add.reduceat(table[flat], starts, axis=0)
        return sums

    @cached_property
    def _read(self) -> tuple[Any, Vectors]:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        weights = load_file(self._folder / "weights" / "l2_supercat_256.safetensors")
        words = self._folder / "tokenizers" / "l2_supercat_tokenizer_config.json"
        table = np.asarray(weights["embedding.weight"], dtype=np.float32)
        return Tokenizer.from_file(str(words)), table
