"""Keys and values of the tokens that the model has read, in the batch and of recent texts."""

from __future__ import annotations

from collections import OrderedDict
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.folder import EmbeddedConfig, Floats

_GROWTH = 128
"""Positions are added in multiples of this."""
Snapshot = tuple[Floats, Floats]


class KvCache:
    """Keys and values, each (layers, rows, heads, positions, head_dim).

    Rows in use lie side by side from 0, so that attention reads them without gathering.
    """

    def __init__(self, config: EmbeddedConfig, rows: int) -> None:
        self._config = config
        self.rows = rows
        self._allocate(_GROWTH)

    def reserve(self, positions: int) -> None:
        """Make room for at least so many positions per row."""
        if positions <= self.positions:
            return
        keys, values, used = self.keys, self.values, self.positions
        self._allocate(-(-positions // _GROWTH) * _GROWTH)
        self.keys[..., :used, :] = keys
        self.values[..., :used, :] = values

    def write(
        self,
        layer: int,
        rows: NDArray[np.intp],
        places: NDArray[np.intp],
        new: tuple[Floats, Floats],
    ) -> None:
        """Store keys and values (rows, tokens, heads, head_dim) at `places` (rows, tokens)."""
        keys, values = new
        self.keys[layer][rows[:, None], :, places] = keys
        self.values[layer][rows[:, None], :, places] = values

    def copy_row(self, source: int, target: int, length: int) -> None:
        """Let row `target` begin with the first `length` positions of row `source`."""
        self.keys[:, target, :, :length] = self.keys[:, source, :, :length]
        self.values[:, target, :, :length] = self.values[:, source, :, :length]

    def snapshot(self, row: int, length: int) -> tuple[Floats, Floats]:
        """A copy of a row's first `length` positions."""
        return self.keys[:, row, :, :length].copy(), self.values[:, row, :, :length].copy()

    def restore(self, row: int, length: int, snapshot: tuple[Floats, Floats]) -> None:
        """Let a row begin with the first `length` positions of a snapshot."""
        keys, values = snapshot
        self.keys[:, row, :, :length] = keys[..., :length, :]
        self.values[:, row, :, :length] = values[..., :length, :]

    def _allocate(self, positions: int) -> None:
        shape = self._config
        size = (shape.layers, self.rows, shape.key_value_heads, positions, shape.head_dim)
        self.positions = positions
        self.keys: Floats = np.zeros(size, np.float32)
        self.values: Floats = np.zeros(size, np.float32)


class PrefixCache:
    """The most recently used texts, up to `tokens` tokens in all."""

    def __init__(self, tokens: int) -> None:
        self._room = tokens
        self._held = 0
        self._entries: OrderedDict[tuple[int, ...], Snapshot] = OrderedDict()

    def put(self, ids: tuple[int, ...], snapshot: Snapshot) -> None:
        """Keep a text; the oldest make room."""
        if ids in self._entries:
            self._entries.move_to_end(ids)
            return
        self._entries[ids] = snapshot
        self._held += len(ids)
        while self._held > self._room:
            self._held -= len(self._entries.popitem(last=False)[0])

    def longest(self, ids: tuple[int, ...]) -> tuple[int, Snapshot] | None:
        """How many leading tokens of `ids` a kept text shares, and that text; None for none."""
        best, found = 0, None
        for kept in reversed(self._entries):
            if kept[: best + 1] == ids[: best + 1]:
                shared = _shared(kept, ids)
                if shared > best:
                    best, found = shared, kept
        if found is None:
            return None
        self._entries.move_to_end(found)
        return best, self._entries[found]


def _shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    )
