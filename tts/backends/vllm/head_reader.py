"""A reward head read at every position, with the prefix cache on: only what is new is read."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from tts.backends.vllm.engine import VLLMEngine, VLLMSettings
from tts.errors import BadReply
from tts.protocols import MarkedRow, RowReading, Vector
from tts.values import Model


class VLLMHeadReader:
    """Token-wise pooling that reads only what is new.

    vLLM switches its prefix cache off for token-wise pooling, because a cached prefix gives no
    rows. Asked not to, it returns the rows of the uncached tail alone; those are placed from the
    end, and what was read earlier is kept here. Where a mark lies in the cached part and was not
    kept, the whole text is read again.
    """

    def __init__(self, engine: VLLMEngine, *, incremental: bool = True) -> None:
        self.engine, self._incremental = engine, incremental
        self._kept = KeptVectors()

    @classmethod
    async def open(cls, settings: VLLMSettings, *, incremental: bool = True) -> VLLMHeadReader:
        """Load a model with the pooling that incremental reading needs."""
        pooler = {"tok_pooling_type": "ALL"}
        return cls(await VLLMEngine.open(settings, pooler=pooler), incremental=incremental)

    @property
    def model(self) -> Model:
        return self.engine.model

    async def read(self, row: MarkedRow) -> RowReading:
        """The head's raw outputs at the marks; the row must end at or behind the last mark."""
        self.engine.check_length(len(row.ids))
        kept = self._kept.find(row) if self._incremental else [None] * len(row.marks)
        known = tuple(vector for vector in kept if vector is not None)
        if len(known) == len(row.marks):
            return RowReading(vectors=known, computed_tokens=0)
        tail = await self._pool(row.ids, cached=self._incremental)
        computed = len(tail)
        vectors = placed_vectors(row, kept, tail)
        if vectors is None:
            tail = await self._pool(row.ids, cached=False)
            computed += len(tail)
            vectors = placed_vectors(row, kept, tail)
        if vectors is None:
            raise BadReply(f"vLLM returned {len(tail)} rows for {len(row.ids)} tokens.")
        self._kept.keep(row, vectors)
        return RowReading(vectors=vectors, computed_tokens=computed)

    async def close(self) -> None:
        await self.engine.close()

    async def _pool(self, ids: Sequence[int], *, cached: bool) -> list[Vector]:
        from vllm import PoolingParams

        params = PoolingParams(
            task="token_classify", use_activation=False, skip_reading_prefix_cache=not cached
        )
        async with self.engine.request(ids, params) as collector:
            output = collector.get_nowait() or await collector.get()
            while not output.finished:
                output = await collector.get()
        rows = output.outputs.data.float().tolist()
        return [tuple(row) if isinstance(row, list) else (row,) for row in rows]


class KeptVectors:
    """Vectors by the text before them; the model is causal, so nothing else changes them.

    The least recently used of more than `capacity` are forgotten.
    """

    def __init__(self, capacity: int = 1 << 18) -> None:
        self._capacity = capacity
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()

    def find(self, row: MarkedRow) -> list[Vector | None]:
        """One vector per mark, None where it was not kept."""
        found: list[Vector | None] = []
        for key in _keys(row):
            vector = self._vectors.get(key)
            if vector is not None:
                self._vectors.move_to_end(key)
            found.append(vector)
        return found

    def known(self, row: MarkedRow) -> dict[int, Vector]:
        """Those that were kept, by their mark."""
        pairs = zip(row.marks, self.find(row), strict=True)
        return {mark: vector for mark, vector in pairs if vector is not None}

    def keep(self, row: MarkedRow, vectors: tuple[Vector, ...]) -> None:
        """Remember one vector per mark."""
        for key, vector in zip(_keys(row), vectors, strict=True):
            self._vectors[key] = vector
            self._vectors.move_to_end(key)
        while len(self._vectors) > self._capacity:
            self._vectors.popitem(last=False)


def _keys(row: MarkedRow) -> Iterator[bytes]:
    """A digest per mark of the ids up to and with it."""
    digest, read = blake2b(digest_size=16), 0
    for mark in row.marks:
        digest.update(array("q", row.ids[read : mark + 1]).tobytes())
        read = mark + 1
        yield digest.digest()


def placed_vectors(
    row: MarkedRow, kept: Sequence[Vector | None], tail: Sequence[Sequence[float]]
) -> tuple[Vector, ...] | None:
    """One vector per mark: what was kept, else the tail's own, counted from its end.

    `tail`: one vector per token that was really read, the last of them the row's last. None where
    a mark lies before the tail and its vector was not kept.
    """
    first = len(row.ids) - len(tail)
    placed: list[Vector] = []
    for mark, vector in zip(row.marks, kept, strict=True):
        if vector is None:
            if mark < first:
                return None
            vector = tuple(tail[mark - first])
        placed.append(vector)
    return tuple(placed)
