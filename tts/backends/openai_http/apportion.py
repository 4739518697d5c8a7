"""Splitting a request's total among its draws."""

from __future__ import annotations

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares in proportion to the weights that sum to the total (largest remainder).

    All weights zero count as equal; no weights give no shares.
    """
    if not total:
        return [0] * len(weights)
    if not weights:
        return []
    used = weights if any(weights) else [1] * len(weights)
    whole = sum(used)
    shares = [total * weight // whole for weight in used]
    by_remainder = sorted(range(len(used)), key=lambda i: -(total * used[i] % whole))
    for position in by_remainder[: total - sum(shares)]:
        shares[position] += 1
    return shares
