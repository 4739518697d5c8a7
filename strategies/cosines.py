"""How alike vectors are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def cosines(vectors: Sequence[Sequence[float]]) -> list[list[float]]:
    """Cosines between all pairs; a vector of zeros is like nothing."""
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(lengths > 0, lengths, 1.0)
    found: list[list[float]] = (unit @ unit.T).tolist()
    return found
