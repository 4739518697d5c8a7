"""Drawing the next tokens, with random numbers that have no state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.folder import Floats

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class SamplerRows:
    """The sampling parameters of each row; all arrays (rows,)."""

    temperature: Floats
    top_p: Floats
    top_k: NDArray[np.intp]
    seeds: NDArray[np.uint64]
    counters: NDArray[np.uint64]
    """How many tokens the row has drawn."""


def sample(logits: Floats, rows: SamplerRows) -> NDArray[np.intp]:
    """One id per row from logits (rows, vocabulary).

    A row's random number depends on its seed and counter only, never on its neighbours.
    Temperature 0 takes the best id, the lowest of equals.
    """
    best: NDArray[np.intp] = logits.argmax(axis=1)
    greedy = rows.temperature == 0
    if greedy.all():
        return best
    heat = np.where(greedy, np.float32(1), rows.temperature)[:, None]
    scaled = (logits - logits.max(axis=1, keepdims=True)) / heat
    odds = np.exp(scaled)
    limited = np.flatnonzero((rows.top_p < 1) | (rows.top_k > 0))
    for row in limited:
        odds[row] = _limit(odds[row], float(rows.top_p[row]), int(rows.top_k[row]))
    heights = odds.cumsum(axis=1, dtype=np.float64)
    marks = uniform(rows.seeds, rows.counters) * heights[:, -1]
    drawn = (heights <= marks[:, None]).sum(axis=1)
    return np.asarray(np.where(greedy, best, np.minimum(drawn, logits.shape[1] - 1)))


def _limit(odds: Floats, top_p: float, top_k: int) -> Floats:
    order = np.argsort(-odds, kind="stable")
    kept = np.arange(odds.size) < (top_k or odds.size)
    mass = np.where(kept, odds[order], 0).cumsum(dtype=np.float64)
    kept &= np.concatenate(([0.0], mass[:-1])) < top_p * mass[-1]
    limited = np.zeros_like(odds)
    limited[order[kept]] = odds[order[kept]]
    return limited


def uniform(seeds: NDArray[np.uint64], counters: NDArray[np.uint64]) -> NDArray[np.float64]:
    """One number in [0, 1) per (seed, counter), both (rows,): SplitMix64 of the mixed seed.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    bits = _mix(_mix(seeds + _GOLDEN) + (counters + np.uint64(1)) * _GOLDEN)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
