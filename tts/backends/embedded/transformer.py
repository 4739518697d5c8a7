"""The forward pass: layers of attention and SwiGLU over a cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.folder import EmbeddedConfig, Floats, Weights
from tts.backends.embedded.kv_cache import KvCache

_HIDDEN_FROM_VIEW = np.float32(-1e9)


class Transformer:
    """A Llama or Qwen2 decoder in float32."""

    def __init__(self, config: EmbeddedConfig, weights: Weights) -> None:
        self.config = config
        table = weights.array("embed_tokens.weight", config.vocabulary, config.hidden)
        self._blocks = tuple(Block(config, weights, layer) for layer in range(config.layers))
        self._gain = weights.array("norm.weight", config.hidden)
        self._table: Floats | None = None
        self._head: Floats | None = None
        if config.tied_embeddings:
            # One copy serves both ends: its columns are the embeddings.
            self._head = np.ascontiguousarray(table.T)
        else:
            self._table = table
            if "lm_head.weight" in weights:
                head = weights.array("lm_head.weight", config.vocabulary, config.hidden)
                self._head = np.ascontiguousarray(head.T)
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
        cache.reserve(int(places.max()) + 1, first_row + rows)
        shared = self._pass(first_row, places, cache)
        hidden = self._embedded(tokens.ravel())
        for block in self._blocks:
            hidden = block.forward(hidden, cache, shared)
        normal = normalise(hidden, self.config.norm_epsilon) * self._gain
        return np.asarray(normal.reshape(rows, count, -1))

    def logits(self, hidden: Floats) -> Floats:
        """(…, hidden) to (…, vocabulary); raises ValueError for a model without such a head."""
        if self._head is None:
            raise ValueError("This model has no language-model head.")
        return np.asarray(hidden @ self._head)

    def _embedded(self, tokens: NDArray[np.intp]) -> Floats:
        if self._table is not None:
            return np.asarray(self._table[tokens])
        assert self._head is not None
        return np.ascontiguousarray(self._head[:, tokens].T)

    def _pass(self, first_row: int, places: NDArray[np.intp], cache: KvCache) -> SharedPass:
        turns = np.minimum(places, self.config.positions - 1)
        unseen = np.arange(int(places.max()) + 1) > places[:, :, None]
        return SharedPass(
            first_row=first_row,
            places=places,
            slots=cache.slots(np.arange(first_row, first_row + len(places)), places),
            seen=int(places.min()) + 1,
            cosine=self._cosines[turns][:, :, None],
            sine=self._sines[turns][:, :, None],
            mask=(unseen * _HIDDEN_FROM_VIEW)[:, None, None],
        )


class Block:
    """Attention and SwiGLU around residuals; norm gains are folded into the matrices."""

    def __init__(self, config: EmbeddedConfig, weights: Weights, layer: int) -> None:
        self._epsilon = config.norm_epsilon
        self._attention = Attention(config, weights, layer)
        hidden, wide = config.hidden, config.feed_forward
        gain = weights.layer(layer, "post_attention_layernorm.weight", hidden)[:, None]
        gate, up = (
            weights.layer(layer, f"mlp.{part}_proj.weight", wide, hidden) for part in ("gate", "up")
        )
        # Half the gate is all that the tangent form of the sigmoid needs, and halving is exact.
        parts = np.concatenate([gate * np.float32(0.5), up]).T
        self._widen: Floats = np.ascontiguousarray(gain * parts, dtype=np.float32)
        narrow = weights.layer(layer, "mlp.down_proj.weight", hidden, wide)
        self._narrow: Floats = np.ascontiguousarray(narrow.T)

    def forward(self, hidden: Floats, cache: KvCache, shared: SharedPass) -> Floats:
        """(rows · tokens, hidden) to the same shape; the new keys and values enter the cache."""
        hidden = self._attention.forward(normalise(hidden, self._epsilon), cache, shared) + hidden
        hidden += self._feed(normalise(hidden, self._epsilon))
        return hidden

    def _feed(self, normal: Floats) -> Floats:
        wide = normal @ self._widen
        half = wide.shape[1] // 2
        gate, up = wide[:, :half], wide[:, half:]
        # The tangent form of the sigmoid cannot overflow.
        opened = np.tanh(gate)
        opened += np.float32(1)
        opened *= gate
        opened *= up
        return np.asarray(opened @ self._narrow)


def normalise(hidden: Floats, epsilon: float) -> Floats:
    """(tokens, hidden) divided by its root mean square."""
    square = np.einsum("ij,ij->i", hidden, hidden)[:, None]
    square /= np.float32(hidden.shape[1])
    square += np.float32(epsilon)
    return np.asarray(hidden / np.sqrt(square, out=square))


class Attention:
    """Grouped-query attention with rotary positions and optional query, key and value biases.

    The gain of the norm before it and the 1/√head_dim scale are folded into its matrices.
    """

    def __init__(self, config: EmbeddedConfig, weights: Weights, layer: int) -> None:
        self._config = config
        self._layer = layer
        self._turned = config.heads + config.key_value_heads
        hidden = config.hidden
        own, shared = config.heads * config.head_dim, config.key_value_heads * config.head_dim
        sizes = {"q": (own, hidden), "k": (shared, hidden), "v": (shared, hidden)}
        arrays = {
            key: weights.layer(layer, f"self_attn.{key}_proj.weight", *size)
            for key, size in sizes.items()
        }
        gain = weights.layer(layer, "input_layernorm.weight", hidden)[:, None]
        arrays["q"] = arrays["q"] * np.float32(config.head_dim**-0.5)
        mix = np.concatenate([arrays[key] for key in "qkv"]).T
        self._mix: Floats = np.ascontiguousarray(gain * mix, dtype=np.float32)
        self._bias = _bias(config, weights, layer)
        join = weights.layer(layer, "self_attn.o_proj.weight", hidden, own)
        self._join: Floats = np.ascontiguousarray(join.T)

    def forward(self, normal: Floats, cache: KvCache, shared: SharedPass) -> Floats:
        """(rows · tokens, hidden) to the same shape; the new keys and values enter the cache."""
        shape, (rows, tokens) = self._config, shared.places.shape
        mixed = normal @ self._mix
        if self._bias is not None:
            mixed = mixed + self._bias
        heads: Floats = mixed.reshape(rows, tokens, -1, shape.head_dim)
        turned = _rotate(heads[:, :, : self._turned], shared)
        new = (turned[:, :, shape.heads :], heads[:, :, self._turned :])
        cache.write(self._layer, shared.slots, new)
        found = self._look(turned[:, :, : shape.heads], cache, shared)
        return np.asarray(found.reshape(rows * tokens, -1) @ self._join)

    def _look(self, queries: Floats, cache: KvCache, shared: SharedPass) -> Floats:
        """(rows, tokens, heads, head_dim) of queries to what they find, in the same shape."""
        rows, tokens, heads, dim = queries.shape
        groups = self._config.key_value_heads
        first, end = shared.first_row, shared.first_row + rows
        positions = shared.mask.shape[-1]
        keys = cache.keys[self._layer, first:end, :, None, :positions].swapaxes(-1, -2)
        values = cache.values[self._layer, first:end, :, None, :positions]
        grouped = queries.reshape(rows, tokens, groups, -1, dim).transpose(0, 2, 3, 1, 4)
        looks = grouped @ keys
        looks[..., shared.seen :] += shared.mask[..., shared.seen :]
        looks -= looks.max(axis=-1, keepdims=True)
        np.exp(looks, out=looks)
        looks /= looks.sum(axis=-1, keepdims=True)
        found = (looks @ values).transpose(0, 3, 1, 2, 4)
        return np.asarray(found.reshape(rows, tokens, heads, dim))


def _bias(config: EmbeddedConfig, weights: Weights, layer: int) -> Floats | None:
    if f"layers.{layer}.self_attn.q_proj.bias" not in weights:
        return None
    query, key, value = (weights.layer(layer, f"self_attn.{name}_proj.bias") for name in "qkv")
    return np.concatenate([query * np.float32(config.head_dim**-0.5), key, value])


def _rotate(heads: Floats, shared: SharedPass) -> Floats:
    """Turn (rows, tokens, heads, head_dim) by position; halves are pairs, as in Llama."""
    half = heads.shape[-1] // 2
    first, second = heads[..., :half], heads[..., half:]
    turned = np.empty(heads.shape, np.float32)
    np.multiply(first, shared.cosine, out=turned[..., :half])
    np.multiply(second, shared.cosine, out=turned[..., half:])
    turned[..., :half] -= second * shared.sine
    turned[..., half:] += first * shared.sine
    return turned


@dataclass(frozen=True, slots=True)
class SharedPass:
    """A pass over `tokens` new tokens of each of `rows` cache rows."""

    first_row: int
    """Of the cache; the others lie side by side behind it."""
    places: NDArray[np.intp]
    """(rows, tokens): positions of the new tokens."""
    slots: NDArray[np.intp]
    """(rows · tokens · heads,): where their keys and values are kept."""
    seen: int
    """So many positions, from the first on, may be looked at by every new token."""
    cosine: Floats
    """(rows, tokens, 1, head_dim / 2)."""
    sine: Floats
    """(rows, tokens, 1, head_dim / 2)."""
    mask: Floats
    """(rows, 1, 1, tokens, positions): 0 where a token may look, very negative elsewhere."""
