"""What a next score may be, drawn from what scores were so far: for Thompson sampling."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Belief = Literal["gaussian", "beta"]
"""Normal-inverse-χ² (m 0, κ 1, ν 1, τ² 0.1), or Beta from Jeffreys' prior (½, ½)."""

MEAN, KAPPA, NU, TAU2 = 0.0, 1.0, 1.0, 0.1
JEFFREYS = 0.5


class ThompsonArm:
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


Floats = NDArray[np.float64]

CENTRE, SPREAD = 0.5, 0.2
"""Prior of the mean of group means: normal."""
BETWEEN, WITHIN = 0.2, 0.3
"""Scales of the half-normal priors of the deviations between and within groups."""
POINTS = 24
"""Values of each deviation: the midpoints of as many equal shares of its prior."""


def midpoints(scale: float) -> Floats:
    """Values of a half-normal deviation that share its prior equally."""
    shares = (np.arange(POINTS) + 0.5) / POINTS
    return scale * np.array([NormalDist().inv_cdf((1 + share) / 2) for share in shares])


GRID = tuple(axis.ravel() for axis in np.meshgrid(midpoints(BETWEEN), midpoints(WITHIN)))
"""Deviations between and within groups, every pair of them."""


class MixedModel:
    """Score = group mean + noise; group means scatter around a mean of their own.

    Given the two deviations, all else is normal and has a closed form, so a draw from the posterior
    takes one of their grid points by its marginal likelihood and the rest exactly. The model and
    its priors are those of AB-MCTS-M (Inoue et al. 2025, section 3), which samples them by MCMC.
    """

    def __init__(self, groups: Sequence[Sequence[float]]) -> None:
        """`groups`: the scores of each, at least one."""
        self.counts = np.array([len(group) for group in groups], dtype=float)
        self.means = np.array([np.mean(group) for group in groups])
        self.scatter = sum(float(np.var(group)) * len(group) for group in groups)
        """Sum of squares around the groups' means."""

    def centre(self, between: Floats, within: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and precision of the mean of group means, given the deviations."""
        precisions = 1.0 / self._variances(between, within)
        precision = 1.0 / SPREAD**2 + precisions.sum(axis=0)
        pull = CENTRE / SPREAD**2 + (precisions * self.means[:, None]).sum(axis=0)
        mean: Floats = pull / precision
        return mean, precision

    def weights(self) -> Floats:
        """Posterior probabilities of the grid's points."""
        between, within = GRID
        mean, precision = self.centre(between, within)
        variances = self._variances(between, within)
        squares = (self.means[:, None] ** 2 / variances).sum(axis=0) - mean**2 * precision
        alone = (self.counts.sum() - len(self.counts)) * np.log(within)
        fit = np.log(variances).sum(axis=0) + np.log(precision) + squares
        logs = -0.5 * (fit + self.scatter / within**2) - alone
        likelihoods: Floats = np.exp(logs - logs.max())
        likelihoods /= likelihoods.sum()
        return likelihoods

    def draw(self, rng: np.random.Generator) -> tuple[list[float], float]:
        """The next score of every group and that of a new one, from the posterior predictive."""
        place = int(rng.choice(len(GRID[0]), p=self.weights()))
        between, within = (float(axis[place]) for axis in GRID)
        mean, precision = self.centre(np.array([between]), np.array([within]))
        middle = float(rng.normal(mean[0], precision[0] ** -0.5))
        own = self.counts / within**2
        sharpness = own + 1.0 / between**2
        centres = (own * self.means + middle / between**2) / sharpness
        groups = rng.normal(centres, sharpness**-0.5)
        new = float(rng.normal(middle, between))
        return list(map(float, rng.normal(groups, within))), float(rng.normal(new, within))

    def _variances(self, between: Floats, within: Floats) -> Floats:
        """Of the groups' observed means around their common one: a row per group."""
        observed: Floats = between**2 + within**2 / self.counts[:, None]
        return observed
