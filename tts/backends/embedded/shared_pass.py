"""What the layers of one forward pass share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.weights import Floats


@dataclass(frozen=True, slots=True)
class SharedPass:
    """A pass over `tokens` new tokens of each of `rows` cache rows."""

    rows: NDArray[np.intp]
    """(rows,): their places in the cache, side by side."""
    places: NDArray[np.intp]
    """(rows, tokens): positions of the new tokens."""
    cosine: Floats
    """(rows, tokens, 1, head_dim / 2)."""
    sine: Floats
    """(rows, tokens, 1, head_dim / 2)."""
    mask: Floats
    """(rows, 1, 1, tokens, positions): 0 where a token may look, very negative elsewhere."""
