"""The prefix cache."""

from __future__ import annotations

import numpy as np

from tts.backends.embedded.kv_cache import PrefixCache, Snapshot


def snapshot(mark: float) -> Snapshot:
    return np.full(1, mark, dtype=np.float32), np.full(1, mark, dtype=np.float32)


def test_the_longest_shared_beginning_wins() -> None:
    cache = PrefixCache(100)
    cache.put((1, 2, 9), snapshot(0))
    cache.put((1, 2, 3, 4), snapshot(1))
    found = cache.longest((1, 2, 3, 5))
    assert found is not None
    assert (found[0], found[1][0][0]) == (3, 1)


def test_another_beginning_is_not_found() -> None:
    cache = PrefixCache(100)
    cache.put((1, 2), snapshot(0))
    assert cache.longest((2, 1)) is None


def test_the_least_recently_used_makes_room() -> None:
    cache = PrefixCache(4)
    cache.put((1, 1), snapshot(0))
    cache.put((2, 2), snapshot(1))
    cache.longest((1, 1))
    cache.put((3, 3), snapshot(2))
    assert cache.longest((2, 2)) is None
    assert cache.longest((1, 1)) is not None
