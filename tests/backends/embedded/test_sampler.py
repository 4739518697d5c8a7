from __future__ import annotations

import numpy as np

from tts.backends.embedded.sampler import SamplerRows, sample, uniform


def rows(
    count: int, *, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0, seed: int = 0
) -> SamplerRows:
    return SamplerRows(
        temperature=np.full(count, temperature, dtype=np.float32),
        top_p=np.full(count, top_p, dtype=np.float32),
        top_k=np.full(count, top_k, dtype=np.intp),
        seeds=np.arange(seed, seed + count, dtype=np.uint64),
        counters=np.zeros(count, dtype=np.uint64),
    )


def logits(count: int) -> np.ndarray:
    odds = np.array([0.1, 0.6, 0.0, 0.3])
    return np.tile(np.log(odds + 1e-30), (count, 1)).astype(np.float32)


def test_temperature_zero_takes_the_best() -> None:
    assert sample(logits(3), rows(3, temperature=0.0)).tolist() == [1, 1, 1]


def test_draws_follow_the_distribution() -> None:
    counts = np.bincount(sample(logits(20_000), rows(20_000)), minlength=4)
    np.testing.assert_allclose(counts / 20_000, [0.1, 0.6, 0.0, 0.3], atol=0.015)


def test_a_low_temperature_sharpens() -> None:
    counts = np.bincount(sample(logits(5_000), rows(5_000, temperature=0.5)), minlength=4)
    np.testing.assert_allclose(counts[1] / 5_000, 0.36 / 0.46, atol=0.03)


def test_top_k_keeps_the_best() -> None:
    assert set(sample(logits(500), rows(500, top_k=2)).tolist()) == {1, 3}


def test_top_p_keeps_the_least_set_that_reaches_it() -> None:
    assert set(sample(logits(500), rows(500, top_p=0.7)).tolist()) == {1, 3}
    assert set(sample(logits(500), rows(500, top_p=0.5)).tolist()) == {1}


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    together = sample(logits(50), rows(50))
    alone = [int(sample(logits(1), rows(1, seed=seed))[0]) for seed in range(50)]
    assert together.tolist() == alone


def test_uniform_numbers_are_uniform_over_seeds_and_counters() -> None:
    seeds, zeros = np.arange(10_000, dtype=np.uint64), np.zeros(10_000, dtype=np.uint64)
    for numbers in (uniform(seeds, zeros), uniform(zeros, seeds)):
        counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
        assert counts.min() > 850
        assert counts.max() < 1150
