"""An arm of a bandit: what it brought so far, and a draw of what it may bring."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np

Belief = Literal["gaussian", "beta"]
"""Normal-inverse-χ² (m 0, κ 1, ν 1, τ² 0.1), or Beta from Jeffreys' prior (½, ½)."""

MEAN, KAPPA, NU, TAU2 = 0.0, 1.0, 1.0, 0.1
JEFFREYS = 0.5


class Arm:
    """Rewards between 0 and 1, for Thompson sampling."""

    __slots__ = ("belief", "count", "squares", "total")

    def __init__(self, belief: Belief) -> None:
        self.belief: Belief = belief
        self.count, self.total, self.squares = 0, 0.0, 0.0

    def reward(self, value: float) -> None:
        """One more observation; a fraction counts as that much of a success under Beta."""
        self.count += 1
        self.total += value
        self.squares += value * value

    @property
    def beta(self) -> tuple[float, float]:
        """α and β of the posterior."""
        return JEFFREYS + self.total, JEFFREYS + self.count - self.total

    @property
    def gaussian(self) -> tuple[float, float, float, float]:
        """m, κ, ν and τ² of the posterior."""
        kappa, nu = KAPPA + self.count, NU + self.count
        mean = self.total / self.count if self.count else 0.0
        spread = max(0.0, self.squares - self.count * mean * mean)
        pull = KAPPA * self.count / kappa * (mean - MEAN) ** 2
        return (KAPPA * MEAN + self.total) / kappa, kappa, nu, (NU * TAU2 + spread + pull) / nu

    def draw(self, rng: np.random.Generator) -> float:
        """A mean reward, drawn from the posterior."""
        if self.belief == "beta":
            return float(rng.beta(*self.beta))
        mean, kappa, nu, tau2 = self.gaussian
        variance = nu * tau2 / rng.chisquare(nu)
        return float(rng.normal(mean, sqrt(variance / kappa)))
