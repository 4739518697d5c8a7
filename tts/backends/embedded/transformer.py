"""The forward pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.block import Block, normalise
from tts.backends.embedded.config import EmbeddedConfig
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.shared_pass import SharedPass
from tts.backends.embedded.weights import Floats, Weights

_HIDDEN_FROM_VIEW = np.float32(-1e9)


class Transformer:
    """A Llama or Qwen2 decoder in float32."""

    def __init__(self, config: EmbeddedConfig, weights: Weights) -> None:
        self.config = config
        self._embeddings = weights.arrays["embed_tokens.weight"]
        self._blocks = tuple(Block(config, weights, layer) for layer in range(config.layers))
        self._gain = weights.arrays["norm.weight"]
        self._head: Floats | None = None
        if config.tied_embeddings:
            self._head = np.ascontiguousarray(self._embeddings.T)
        elif "lm_head.weight" in weights.arrays:
            self._head = np.ascontiguousarray(weights.arrays["lm_head.weight"].T)
        exponents = np.arange(0, config.head_dim, 2, dtype=np.float64) / config.head_dim
        angles = np.arange(config.positions)[:, None] / config.rope_theta**exponents
        self._cosines = np.cos(angles).astype(np.float32)
        self._sines = np.sin(angles).astype(np.float32)

    def forward(
        self, tokens: NDArray[np.intp], starts: NDArray[np.intp], cache: KvCache, first_row: int = 0
    ) -> Floats:
        """Hidden states (rows, tokens, hidden) after the last norm, for ids (rows, tokens).

        Row i continues at position `starts[i]` of cache row `first_row + i`. Ids beyond a row's
        own end may be anything: what they leave in the cache is never looked at and overwritten
        by the row's next tokens.
        """
        rows, count = tokens.shape
        places = starts[:, None] + np.arange(count)
        cache.reserve(int(places.max()) + 1)
        shared = self._pass(np.arange(first_row, first_row + rows), places)
        hidden: Floats = self._embeddings[tokens.ravel()]
        for block in self._blocks:
            hidden = block.forward(hidden, cache, shared)
        normal = normalise(hidden, self.config.norm_epsilon) * self._gain
        return np.asarray(normal.reshape(rows, count, -1))

    def logits(self, hidden: Floats) -> Floats:
        """(…, hidden) to (…, vocabulary); raises ValueError for a model without such a head."""
        if self._head is None:
            raise ValueError("This model has no language-model head.")
        return np.asarray(hidden @ self._head)

    def _pass(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> SharedPass:
        turns = np.minimum(places, self.config.positions - 1)
        unseen = np.arange(int(places.max()) + 1) > places[:, :, None]
        return SharedPass(
            rows=rows,
            places=places,
            cosine=self._cosines[turns][:, :, None],
            sine=self._sines[turns][:, :, None],
            mask=(unseen * _HIDDEN_FROM_VIEW)[:, None, None],
        )
