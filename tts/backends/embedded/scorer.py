"""The process reward head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.transformer import Transformer
from tts.backends.embedded.weights import Floats, Weights
from tts.errors import BadInput

_HEAD = ("score.0.weight", "score.0.bias", "score.2.weight", "score.2.bias")


class Scorer:
    """Scores marker positions of token rows; needs the head of Qwen2ForProcessRewardModel."""

    def __init__(self, transformer: Transformer, weights: Weights) -> None:
        missing = [name for name in _HEAD if name not in weights.arrays]
        if missing:
            raise BadInput(f"This model is not a process reward model: no {', '.join(missing)}.")
        self._transformer = transformer
        first, first_bias, second, second_bias = (weights.arrays[name] for name in _HEAD)
        self._first = (np.ascontiguousarray(first.T), first_bias)
        self._second = (np.ascontiguousarray(second.T), second_bias)

    def score(self, rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[list[float]]:
        """P(good) per marker, for rows of (ids, positions of the markers)."""
        longest = max(len(ids) for ids, _ in rows)
        tokens = np.zeros((len(rows), longest), dtype=np.intp)
        for index, (ids, _) in enumerate(rows):
            tokens[index, : len(ids)] = ids
        cache = KvCache(self._transformer.config, len(rows))
        hidden = self._transformer.forward(tokens, np.zeros(len(rows), dtype=np.intp), cache)
        return [
            self._probabilities(hidden[index, list(marks)]).tolist()
            for index, (_, marks) in enumerate(rows)
        ]

    def _probabilities(self, hidden: Floats) -> Floats:
        first, first_bias = self._first
        second, second_bias = self._second
        logits = np.maximum(hidden @ first + first_bias, 0) @ second + second_bias
        # The tangent form of the two-class softmax cannot overflow.
        return np.asarray((1 + np.tanh((logits[:, 1] - logits[:, 0]) / 2)) / 2, dtype=np.float32)
