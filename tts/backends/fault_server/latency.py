"""How long a simulated server thinks."""

from __future__ import annotations

from math import exp
from random import Random
from typing import Literal

from msgspec import Struct


class Latency(Struct, frozen=True, kw_only=True):
    """Seconds before an answer: always `median`, or log-normal around it."""

    kind: Literal["fixed", "lognormal"] = "fixed"
    median: float = 0.0
    sigma: float = 0.5
    """Standard deviation of the logarithm; used by `lognormal`."""

    def draw(self, rng: Random) -> float:
        if self.kind == "fixed":
            return self.median
        return self.median * exp(rng.gauss(0.0, self.sigma))
