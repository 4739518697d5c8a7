"""How many particles carry the weight."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum


def ess(weights: Sequence[float]) -> float:
    """Effective sample size of normalised weights: 1 / Σ w², from 1 to their number (Kong 1992)."""
    return 1.0 / fsum(weight * weight for weight in weights)
