"""What a comparison of a given size can show."""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist

from tts.eval.statistics.paired_difference import PairedDifference

POWER = 0.8
ALPHA = 0.05
FEWEST = 6
"""Problems: of fewer, even a clean sweep has an exact two-sided p above 0.05 (2 / 2⁵ = 0.0625)."""
TOO_FEW = f"too few to say; at least {FEWEST} problems that both were graded on are needed."


def detectable_difference(
    n: int, deviation: float, *, power: float = POWER, alpha: float = ALPHA
) -> float:
    """The least true difference that n paired problems show with that power."""
    if n < 1:
        raise ValueError(f"{n} problems can show nothing.")
    return _quantiles(power, alpha) * deviation / sqrt(n)


def problems_needed(
    difference: float, deviation: float, *, power: float = POWER, alpha: float = ALPHA
) -> int:
    """How many paired problems show that difference with that power."""
    if difference == 0:
        raise ValueError("No number of problems shows a difference of zero.")
    return max(1, ceil((_quantiles(power, alpha) * deviation / difference) ** 2))


def verdict(difference: PairedDifference, *, p: float | None = None, alpha: float = ALPHA) -> str:
    """One sentence on whether the difference is decided; `p` replaces an uncorrected one."""
    value, n = difference.estimate.value, difference.n
    chance = difference.p if p is None else p
    if n < FEWEST:
        return TOO_FEW
    if difference.wins + difference.losses == 0:
        return f"No difference on any of {n} problems; they cannot tell the two apart."
    if chance <= alpha:
        return f"{_points(value)} over {n} problems is decided (p = {chance:.2g})."
    start = f"{_points(value)} over {n} problems is not decided (p = {chance:.2g})"
    if difference.deviation == 0:
        return f"{start}; they all differ by the same, so how many would do cannot be told."
    start += ": "
    least = detectable_difference(n, difference.deviation, alpha=alpha)
    if value == 0:
        return f"{start}{n} problems can show {_points(least, sign=False)} or more."
    needed = problems_needed(value, difference.deviation, alpha=alpha)
    return (
        f"{start}{n} problems can show {_points(least, sign=False)} or more; a difference of this "
        f"size needs about {max(needed, n + 1):,} problems."
    )


def _quantiles(power: float, alpha: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)


def _points(value: float, *, sign: bool = True) -> str:
    return f"{value * 100:{'+' if sign else ''}.1f} points".replace("-", "−")
