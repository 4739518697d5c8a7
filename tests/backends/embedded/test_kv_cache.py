"""The cache of the batch, and the prefix cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.embedded.folder import EmbeddedConfig
from tts.backends.embedded.kv_cache import KvCache, PrefixCache

CONFIG = EmbeddedConfig(
    kind="llama",
    hidden=4,
    layers=2,
    heads=1,
    key_value_heads=1,
    head_dim=2,
    feed_forward=8,
    vocabulary=8,
    positions=2048,
    norm_epsilon=1e-6,
    rope_theta=10_000.0,
    tied_embeddings=True,
    end_tokens=frozenset(),
)
Texts = list[tuple[int, ...]]
TEXTS: st.SearchStrategy[Texts] = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=14).map(tuple), max_size=30
)


def read(ids: Sequence[int]) -> KvCache:
    """A cache whose only row holds a text: each token's keys and values tell token and place."""
    cache = KvCache(CONFIG, 1)
    content = [token + 10 * place for place, token in enumerate(ids)]
    cache.keys[:, 0, :, : len(ids)] = np.array(content)[:, None]
    cache.values[:, 0, :, : len(ids)] = -np.array(content)[:, None]
    return cache


def keep(cache: PrefixCache, *texts: tuple[int, ...]) -> None:
    for ids in texts:
        cache.put(ids, read(ids), 0)


def test_the_longest_shared_beginning_wins() -> None:
    cache, row = PrefixCache(CONFIG, 100), KvCache(CONFIG, 1)
    keep(cache, (1, 2, 9), (1, 2, 3, 4))
    found = cache.longest((1, 2, 3, 5))
    assert found is not None and found[0] == 3
    cache.restore(found[1], row, 0)
    assert row.keys[0, 0, 0, :4, 0].tolist() == [1, 12, 23, 34]


def test_another_beginning_is_not_found() -> None:
    cache = PrefixCache(CONFIG, 100)
    keep(cache, (1, 2))
    assert cache.longest((2, 1)) is None


def test_the_least_recently_used_makes_room() -> None:
    cache = PrefixCache(CONFIG, 4)
    keep(cache, (1, 1), (2, 2))
    cache.longest((1, 1))
    keep(cache, (3, 3))
    assert cache.longest((2, 2)) is None
    assert cache.longest((1, 1)) is not None


def test_a_text_beyond_the_room_is_not_kept() -> None:
    cache = PrefixCache(CONFIG, 2)
    keep(cache, (1, 1, 1))
    assert cache.longest((1, 1, 1)) is None


@given(TEXTS)
def test_whatever_made_room_a_kept_text_is_as_it_was_read(texts: Texts) -> None:
    cache, row = PrefixCache(CONFIG, 24), KvCache(CONFIG, 1)
    for ids in texts:
        keep(cache, ids)
        for kept in texts:
            found = cache.longest(kept)
            if found is None:
                continue
            length, slots = found
            cache.restore(slots[:length], row, 0)
            assert np.array_equal(row.keys[..., :length, :], read(kept).keys[..., :length, :])
            assert np.array_equal(row.values[..., :length, :], read(kept).values[..., :length, :])


@given(TEXTS)
def test_texts_never_take_more_than_the_room(texts: Texts) -> None:
    cache = PrefixCache(CONFIG, 24)
    for ids in texts:
        keep(cache, ids)
    held = {ids: cache.longest(ids) for ids in set(texts)}
    whole = {tuple(found[1]) for ids, found in held.items() if found and found[0] == len(found[1])}
    taken = [slot for slots in whole for slot in slots]
    assert len(taken) == len(set(taken)) <= 24


def test_a_cache_that_grows_keeps_what_it_holds() -> None:
    cache = read((1, 2, 3))
    cache.reserve(600)
    assert cache.keys[0, 0, 0, :3, 0].tolist() == [1, 12, 23]
    assert cache.positions == 672


def test_a_cache_grows_by_doubling_up_to_the_context_and_its_rows_lie_at_odd_distances() -> None:
    cache, sizes = KvCache(CONFIG, 1), set()
    for positions in range(1, CONFIG.positions + 1):
        cache.reserve(positions)
        sizes.add(cache.positions)
    assert sizes == {96, 192, 384, 768, 1536, 2112}


def test_layers_that_read_in_one_pass_use_one_place() -> None:
    cache = KvCache(CONFIG, 3, continued=False)
    cache.keys[0, 2, 0, 5] = 7
    assert cache.keys.shape == KvCache(CONFIG, 3).keys.shape
    assert cache.keys[1, 2, 0, 5].tolist() == [7, 7]


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 8)), min_size=1, max_size=12))
def test_a_cache_for_few_tokens_never_holds_more(asked: list[tuple[int, int]]) -> None:
    cache = KvCache(CONFIG, 8, tokens=120)
    for positions, rows in asked:
        if not cache.holds(rows, positions):
            continue
        cache.reserve(positions, rows)
        assert cache.keys.shape[1] >= rows and cache.keys.shape[3] >= positions
        assert cache.keys.shape[1] * cache.keys.shape[3] <= 120
