"""Keys and values of the tokens that the model has read, in the batch and of recent texts."""

from __future__ import annotations

from collections import OrderedDict
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.folder import EmbeddedConfig, Floats

_FIRST = 96
"""Positions that a cache begins with; longer texts double them, in multiples of it.

Rows whose distance is a power of two would share a few lines of the processor's caches."""
Slots = NDArray[np.intp]
"""Where the tokens of a kept text lie."""


class KvCache:
    """Keys and values, each (layers, rows, heads, positions, head_dim).

    Rows in use lie side by side from 0, so that attention reads them without gathering.
    """

    def __init__(
        self,
        config: EmbeddedConfig,
        rows: int,
        *,
        continued: bool = True,
        tokens: int | None = None,
    ) -> None:
        """Not `continued`: every text is read in one pass, so that layers can use the same place
        one after the other. `tokens`: the most of all rows together; None: every row may be as
        long as it comes."""
        self._config = config
        self._layers = config.layers if continued else 1
        self.rows = rows
        self._tokens = tokens
        self._allocate(min(_FIRST, config.positions, tokens or _FIRST), 1)

    def holds(self, rows: int, positions: int) -> bool:
        """Whether so many rows of so many positions each are within what may be kept."""
        within = self._tokens is None or rows * positions <= self._tokens
        return rows <= self.rows and within

    def reserve(self, positions: int, rows: int = 1) -> None:
        """Make room for at least so many rows, from the first on, of so many positions each.

        Rows that get longer leave room for fewer, within what the cache may hold.
        """
        keys, values = self.keys, self.values
        own, used = keys.shape[1], self.positions
        if positions <= used and rows <= own:
            return
        # Doubling leaves blocks behind that are few, and too large to come from the heap.
        wanted = max(positions, min(2 * used, self._config.positions)) if positions > used else used
        wanted = -(-wanted // _FIRST) * _FIRST
        if self._tokens is not None:
            wanted = max(positions, min(wanted, self._tokens // rows))
        self._allocate(wanted, own if rows <= own else max(rows, 2 * own))
        own, used = min(own, self.keys.shape[1]), min(used, self.positions)
        self.keys[:, :own, :, :used] = keys[:, :own, :, :used]
        self.values[:, :own, :, :used] = values[:, :own, :, :used]

    def slots(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> Slots:
        """Where tokens at `places` (rows, tokens) of these rows are kept, for every head: in any
        layer the same, (rows · tokens · heads,). True until the cache grows."""
        heads = self._config.key_value_heads
        lines = rows[:, None] * heads + np.arange(heads)
        return np.asarray((lines[:, None] * self.positions + places[:, :, None]).ravel())

    def write(self, layer: int, slots: Slots, new: tuple[Floats, Floats]) -> None:
        """Store keys and values (rows, tokens, heads, head_dim) at their slots."""
        dim = self._config.head_dim
        for kept, one in zip((self.keys[layer], self.values[layer]), new, strict=True):
            kept.reshape(-1, dim)[slots] = one.reshape(-1, dim)

    def copy_row(self, source: int, target: int, length: int) -> None:
        """Let row `target` begin with the first `length` positions of row `source`."""
        self.reserve(length, target + 1)
        self.keys[:, target, :, :length] = self.keys[:, source, :, :length]
        self.values[:, target, :, :length] = self.values[:, source, :, :length]

    def _allocate(self, positions: int, rows: int) -> None:
        """Without a bound all rows at once: they are small."""
        shape = self._config
        fit = self.rows if self._tokens is None else max(1, self._tokens // positions)
        rows = min(self.rows if self._tokens is None else rows, self.rows, fit)
        size = (self._layers, rows, shape.key_value_heads, positions, shape.head_dim)
        self.positions = positions
        self.keys = _for_layers(np.zeros(size, np.float32), shape.layers)
        self.values = _for_layers(np.zeros(size, np.float32), shape.layers)


def _for_layers(block: Floats, layers: int) -> Floats:
    """A block as every layer sees it: of its own, or the only one there is."""
    if len(block) == layers:
        return block
    steps = (0, *block.strides[1:])
    return np.lib.stride_tricks.as_strided(block, (layers, *block.shape[1:]), steps)


class PrefixCache:
    """The most recently used texts, up to `tokens` tokens in all.

    They lie in one block of that size, taken once: a copy of its own for every text, freed in
    another order than it was made, would scatter the heap.
    """

    def __init__(self, config: EmbeddedConfig, tokens: int) -> None:
        size = (config.layers, config.key_value_heads, tokens, config.head_dim)
        self._keys: Floats = np.empty(size, np.float32)
        self._values: Floats = np.empty(size, np.float32)
        self._room = tokens
        self._free = list(range(tokens))
        self._entries: OrderedDict[tuple[int, ...], Slots] = OrderedDict()

    def put(self, ids: tuple[int, ...], cache: KvCache, row: int) -> None:
        """Keep a text that a row of the cache has read; the oldest make room."""
        if ids in self._entries:
            self._entries.move_to_end(ids)
            return
        while self._entries and len(self._free) < len(ids):
            self._free += self._entries.popitem(last=False)[1].tolist()
        if len(ids) > self._room:
            return
        kept = len(self._free) - len(ids)
        slots = self._entries[ids] = np.array(sorted(self._free[kept:]), dtype=np.intp)
        del self._free[kept:]
        self._keys[:, :, slots] = cache.keys[:, row, :, : len(ids)]
        self._values[:, :, slots] = cache.values[:, row, :, : len(ids)]

    def longest(self, ids: tuple[int, ...]) -> tuple[int, Slots] | None:
        """How many leading tokens of `ids` a kept text shares, and its slots; None for none."""
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

    def restore(self, slots: Slots, cache: KvCache, row: int) -> None:
        """Let a row of the cache begin with the tokens of these slots."""
        cache.reserve(len(slots), row + 1)
        cache.keys[:, row, :, : len(slots)] = self._keys[:, :, slots]
        cache.values[:, row, :, : len(slots)] = self._values[:, :, slots]


def _shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    )
