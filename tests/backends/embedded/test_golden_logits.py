"""The fixtures are random models; `fixtures/make_golden.py` wrote them and their logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tts.backends.embedded.folder import EmbeddedConfig, Floats, Weights
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.transformer import Transformer

FIXTURES = Path(__file__).parent / "fixtures"


def golden(name: str) -> tuple[Transformer, np.ndarray, Floats]:
    stored = np.load(FIXTURES / name / "golden.npz")
    config, weights = EmbeddedConfig.load(FIXTURES / name), Weights.load(FIXTURES / name)
    return Transformer(config, weights), stored["tokens"], stored["logits"]


@pytest.mark.parametrize("name", ["llama", "qwen2"])
def test_logits_are_those_of_transformers(name: str) -> None:
    transformer, tokens, expected = golden(name)
    cache = KvCache(transformer.config, len(tokens))
    hidden = transformer.forward(tokens, np.zeros(len(tokens), dtype=np.intp), cache)
    np.testing.assert_allclose(transformer.logits(hidden), expected, atol=1e-3)


@pytest.mark.parametrize("name", ["llama", "qwen2"])
def test_one_token_at_a_time_gives_the_same_logits(name: str) -> None:
    transformer, tokens, expected = golden(name)
    cache = KvCache(transformer.config, len(tokens))
    for place in range(tokens.shape[1]):
        starts = np.full(len(tokens), place)
        hidden = transformer.forward(tokens[:, place : place + 1], starts, cache)
        np.testing.assert_allclose(transformer.logits(hidden[:, 0]), expected[:, place], atol=1e-3)


def test_rows_may_continue_at_different_positions() -> None:
    transformer, tokens, expected = golden("llama")
    cache = KvCache(transformer.config, 2)
    for row, read in enumerate((5, 11)):
        transformer.forward(tokens[row : row + 1, :read], np.zeros(1, dtype=np.intp), cache, row)
    added = np.stack([tokens[0, 5:9], tokens[1, 11:15]])
    hidden = transformer.forward(added, np.array([5, 11]), cache)
    wanted = np.stack([expected[0, 5:9], expected[1, 11:15]])
    np.testing.assert_allclose(transformer.logits(hidden), wanted, atol=1e-3)


def test_the_cache_grows_without_forgetting() -> None:
    transformer, tokens, expected = golden("qwen2")
    cache = KvCache(transformer.config, 2)
    starts = np.zeros(2, dtype=np.intp)
    transformer.forward(tokens[:, :10], starts, cache)
    cache.reserve(cache.positions + 1)
    hidden = transformer.forward(tokens[:, 10:], starts + 10, cache)
    np.testing.assert_allclose(transformer.logits(hidden), expected[:, 10:], atol=1e-3)
