"""What the head said at positions that were read before."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import blake2b

from tts.protocols import MarkedRow, Vector


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
