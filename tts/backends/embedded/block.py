"""One layer of the transformer."""

from __future__ import annotations

import numpy as np

from tts.backends.embedded.attention import Attention
from tts.backends.embedded.config import EmbeddedConfig
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.shared_pass import SharedPass
from tts.backends.embedded.weights import Floats, Weights


class Block:
    """Attention and SwiGLU around residuals; norm gains are folded into the matrices."""

    def __init__(self, config: EmbeddedConfig, weights: Weights, layer: int) -> None:
        self._epsilon = config.norm_epsilon
        self._attention = Attention(config, weights, layer)
        gain = weights.layer(layer, "post_attention_layernorm.weight")[:, None]
        parts = [weights.layer(layer, f"mlp.{part}_proj.weight") for part in ("gate", "up")]
        self._widen: Floats = np.ascontiguousarray(gain * np.concatenate(parts).T, dtype=np.float32)
        self._narrow: Floats = np.ascontiguousarray(weights.layer(layer, "mlp.down_proj.weight").T)

    def forward(self, hidden: Floats, cache: KvCache, shared: SharedPass) -> Floats:
        """(rows · tokens, hidden) to the same shape; the new keys and values enter the cache."""
        hidden = hidden + self._attention.forward(normalise(hidden, self._epsilon), cache, shared)
        return np.asarray(hidden + self._feed(normalise(hidden, self._epsilon)))

    def _feed(self, normal: Floats) -> Floats:
        gate, up = np.split(normal @ self._widen, 2, axis=1)
        # The tangent form of the sigmoid cannot overflow.
        half = gate * np.float32(0.5)
        opened = half * (np.tanh(half) + np.float32(1))
        return np.asarray((opened * up) @ self._narrow, dtype=np.float32)


def normalise(hidden: Floats, epsilon: float) -> Floats:
    """(tokens, hidden) divided by its root mean square."""
    square = np.einsum("ij,ij->i", hidden, hidden)[:, None] / np.float32(hidden.shape[1])
    return np.asarray(hidden / np.sqrt(square + np.float32(epsilon)))
