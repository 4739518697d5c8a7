"""Causal self-attention over the cache."""

from __future__ import annotations

import numpy as np

from tts.backends.embedded.config import EmbeddedConfig
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.shared_pass import SharedPass
from tts.backends.embedded.weights import Floats, Weights


class Attention:
    """Grouped-query attention with rotary positions and optional query, key and value biases.

    The gain of the norm before it and the 1/√head_dim scale are folded into its matrices.
    """

    def __init__(self, config: EmbeddedConfig, weights: Weights, layer: int) -> None:
        self._config = config
        self._layer = layer
        self._turned = config.heads + config.key_value_heads
        arrays = {key: weights.layer(layer, f"self_attn.{key}_proj.weight") for key in "qkvo"}
        gain = weights.layer(layer, "input_layernorm.weight")[:, None]
        arrays["q"] = arrays["q"] * np.float32(config.head_dim**-0.5)
        mix = np.concatenate([arrays[key] for key in "qkv"]).T
        self._mix: Floats = np.ascontiguousarray(gain * mix, dtype=np.float32)
        self._bias = _bias(config, weights, layer)
        self._join: Floats = np.ascontiguousarray(arrays["o"].T)

    def forward(self, normal: Floats, cache: KvCache, shared: SharedPass) -> Floats:
        """(rows · tokens, hidden) to the same shape; the new keys and values enter the cache."""
        shape, (rows, tokens) = self._config, shared.places.shape
        mixed = normal @ self._mix
        if self._bias is not None:
            mixed = mixed + self._bias
        heads: Floats = mixed.reshape(rows, tokens, -1, shape.head_dim)
        turned = _rotate(heads[:, :, : self._turned], shared)
        new = (turned[:, :, shape.heads :], heads[:, :, self._turned :])
        cache.write(self._layer, shared.rows, shared.places, new)
        found = self._look(turned[:, :, : shape.heads], cache, shared)
        return np.asarray(found.reshape(rows * tokens, -1) @ self._join)

    def _look(self, queries: Floats, cache: KvCache, shared: SharedPass) -> Floats:
        """(rows, tokens, heads, head_dim) of queries to what they find, in the same shape."""
        rows, tokens, heads, dim = queries.shape
        groups = self._config.key_value_heads
        seen = slice(shared.rows[0], shared.rows[-1] + 1)
        positions = shared.mask.shape[-1]
        keys = cache.keys[self._layer, seen, :, None, :positions].swapaxes(-1, -2)
        values = cache.values[self._layer, seen, :, None, :positions]
        grouped = queries.reshape(rows, tokens, groups, -1, dim).transpose(0, 2, 3, 1, 4)
        looks = grouped @ keys + shared.mask
        looks -= looks.max(axis=-1, keepdims=True)
        np.exp(looks, out=looks)
        looks /= looks.sum(axis=-1, keepdims=True)
        found = (looks @ values).transpose(0, 3, 1, 2, 4)
        return np.asarray(found.reshape(rows, tokens, heads, dim))


def _bias(config: EmbeddedConfig, weights: Weights, layer: int) -> Floats | None:
    names = [f"layers.{layer}.self_attn.{key}_proj.bias" for key in "qkv"]
    if names[0] not in weights.arrays:
        return None
    query, key, value = (weights.arrays[name] for name in names)
    return np.concatenate([query * np.float32(config.head_dim**-0.5), key, value])


def _rotate(heads: Floats, shared: SharedPass) -> Floats:
    """Turn (rows, tokens, heads, head_dim) by position; halves are pairs, as in Llama."""
    half = heads.shape[-1] // 2
    first, second = heads[..., :half], heads[..., half:]
    turned = np.empty_like(heads)
    turned[..., :half] = first * shared.cosine - second * shared.sine
    turned[..., half:] = second * shared.cosine + first * shared.sine
    return turned
