"""Which of many vectors are most like another: exactly, or along a graph where there are very many."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tts.errors import UsageError
from tts.retrieval.bm25 import best
from tts.retrieval.store import Store, Vectors, stored

MANY = 100_000
"""Vectors up to which all of them are compared unless somebody says otherwise."""
CONNECTIVITY, EXPANSION, WIDTH = 16, 128, 512
"""Edges of a vector, and how many are looked at when it is put in, and when it is asked for."""


class Neighbours(Protocol):
    """Finds among vectors of length 1 those whose product with another is highest."""

    @property
    def identity(self) -> Any:
        """What changes what is found, as JSON-able data; None: nothing, it is exact."""
        ...

    def nearest(self, vector: Vectors, k: int) -> list[int]:
        """Places of at most `k`, the most similar first; of equal ones the earlier."""
        ...


class Exact:
    """Compares with every vector."""

    identity = None

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def nearest(self, vector: Vectors, k: int) -> list[int]:
        return best(self._vectors @ vector, k)


class Graph:
    """Walks a graph of near ones (HNSW, Malkov & Yashunin 2018, by `usearch`), in half precision, and
    puts what it met in the exact order. May miss some.

    The graph is made by one thread, so that the same vectors give the same one; a kept graph is
    mapped, not read.
    """

    identity = ("usearch hnsw", CONNECTIVITY, EXPANSION, WIDTH)

    def __init__(self, vectors: Vectors, store: Store | None = None, key: str = "") -> None:
        """`store` and `key`: where the graph is kept. Raises `UsageError` where the package is not
        installed."""
        if find_spec("usearch") is None:
            raise UsageError(
                "Searching a graph of vectors needs the package usearch: "
                "pip install 'tts-engine[neighbours]'."
            )
        self._vectors = vectors
        self._index = stored(store, f"{key}-graph", self._built, _saved, _loaded)

    def nearest(self, vector: Vectors, k: int) -> list[int]:
        if k < 1:
            return []
        met = self._index.search(vector, max(k, WIDTH), threads=1).keys
        places = np.sort(np.asarray(met, dtype=np.int64))
        return [int(places[at]) for at in best(self._vectors[places] @ vector, k)]

    def _built(self) -> Any:
        index = _usearch().Index(
            ndim=self._vectors.shape[1],
            metric="ip",
            dtype="f16",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION,
            expansion_search=WIDTH,
        )
        index.add(np.arange(len(self._vectors)), np.asarray(self._vectors), threads=1)
        return index


def neighbours(
    vectors: Vectors, exact: bool | None, store: Store | None = None, key: str = ""
) -> Neighbours:
    """Exact or not, as it is asked for; None: exact up to `MANY` vectors, and beyond them where
    usearch is not installed."""
    if exact is None:
        exact = len(vectors) <= MANY or find_spec("usearch") is None
    return Exact(vectors) if exact else Graph(vectors, store, key)


def _usearch() -> Any:
    return import_module("usearch.index")


def _saved(index: Any, folder: Path) -> None:
    index.save(str(folder / "graph.usearch"))


def _loaded(folder: Path) -> Any:
    try:
        index = _usearch().Index.restore(str(folder / "graph.usearch"), view=True)
    except RuntimeError as error:
        raise ValueError(f"{folder}: {error}") from error
    if index is None:
        raise ValueError(f"{folder} holds no graph")
    index.expansion_search = WIDTH
    return index
