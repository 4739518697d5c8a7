"""An interval for a proportion."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from tts.eval.statistics.estimate import Estimate


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> Estimate:
    """Score interval of a proportion (Wilson 1927); honest at 0 and at n.

    `successes` may be a sum of per-problem means. Raises ValueError unless 0 ≤ successes ≤ n ≥ 1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} are no proportion.")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = successes / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))
