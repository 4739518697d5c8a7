"""Keys and values of the tokens that the model has read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.config import EmbeddedConfig
from tts.backends.embedded.weights import Floats

_GROWTH = 128
"""Positions are added in multiples of this."""


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
