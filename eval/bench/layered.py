"""Graphs of simulated calls."""

from __future__ import annotations

from math import exp
from random import Random

from msgspec import Struct

MEDIAN, SIGMA = 0.05, 0.5
"""Seconds of a call, and the standard deviation of their logarithm."""
INPUTS = 3
"""Nodes of the layer before that a node waits for."""


class Layered(Struct, frozen=True):
    """Nodes in an order in which each stands behind its inputs."""

    seconds: tuple[float, ...]
    before: tuple[tuple[int, ...], ...]

    @property
    def nodes(self) -> int:
        return len(self.seconds)

    @property
    def critical_path(self) -> float:
        """Seconds of the longest chain: no schedule is shorter."""
        ends: list[float] = []
        for seconds, before in zip(self.seconds, self.before, strict=True):
            ends.append(seconds + max((ends[i] for i in before), default=0.0))
        return max(ends, default=0.0)


def layered(layers: int, width: int, *, seed: int) -> Layered:
    """`layers` of `width` nodes, each with `INPUTS` random inputs; one layer: none depends."""
    rng = Random(seed)
    seconds = tuple(MEDIAN * exp(rng.gauss(0.0, SIGMA)) for _ in range(layers * width))
    before: list[tuple[int, ...]] = [()] * width if layers else []
    for layer in range(1, layers):
        above = range((layer - 1) * width, layer * width)
        before += [tuple(rng.sample(above, min(INPUTS, width))) for _ in range(width)]
    return Layered(seconds, tuple(before))
