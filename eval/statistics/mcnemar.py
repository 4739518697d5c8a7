"""A test on pairs of right and wrong answers."""

from __future__ import annotations

from math import comb


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p of as uneven a split of the problems that one of two solved alone.

    The binomial form of McNemar's test (1947), without the normal approximation.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError("Counts of problems are not negative.")
    n, least = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(n, hits) for hits in range(least + 1))
    return min(1.0, 2 * tail / (1 << n))
