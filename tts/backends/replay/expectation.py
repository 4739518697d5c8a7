"""Exact expected results over all subsets of recorded samples: no Monte-Carlo, no noise.

Every function takes all recorded draws of one problem and averages over the C(n, k) equally likely
subsets of k of them; the results are exact fractions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from math import comb


def pass_at_k(correct: int, n: int, k: int) -> Fraction:
    """Chance that k of n draws hold a correct one (Chen et al. 2021, section 2.1)."""
    _check(n, k)
    return 1 - Fraction(comb(n - correct, k), comb(n, k))


def best_of_k(draws: Iterable[tuple[float, bool]], k: int) -> Fraction:
    """Chance that the draw with the highest score among k is correct.

    `draws` are (score, correct). Draws of equal score are equally likely to be chosen.
    """
    ranked = sorted(draws, key=lambda draw: -draw[0])
    n = len(ranked)
    _check(n, k)
    expected, above = Fraction(0), 0
    for _, group in groupby(ranked, key=lambda draw: draw[0]):
        tied = [correct for _, correct in group]
        chance = comb(n - above, k) - comb(n - above - len(tied), k)
        expected += Fraction(chance * sum(tied), comb(n, k) * len(tied))
        above += len(tied)
    return expected


def maj_at_k(draws: Iterable[tuple[Hashable, bool]], k: int) -> Fraction:
    """Chance that a majority vote among k draws is correct.

    `draws` are (class, correct), a class being what is voted for; None abstains. Classes that tie
    for the most votes win equally often: the mean over all orders of a vote that prefers the one
    seen first. Where a class holds draws of both verdicts it is right in proportion.
    """
    listed = list(draws)
    _check(len(listed), k)
    sizes = Counter(name for name, _ in listed if name is not None)
    right: dict[Hashable, int] = defaultdict(int)
    for name, correct in listed:
        right[name] += correct
    silent = len(listed) - sum(sizes.values())
    ways = Fraction(0)
    for name, size in sizes.items():
        if right[name]:
            others = [count for other, count in sizes.items() if other != name]
            ways += Fraction(right[name], size) * _wins(size, others, silent, k)
    return ways / comb(len(listed), k)


def _wins(size: int, others: Sequence[int], silent: int, k: int) -> Fraction:
    """Subsets of k in which a class of that size wins, ties counting by their share."""
    total = Fraction(0)
    for votes in range(1, min(size, k) + 1):
        rest = _rest(others, votes, k - votes)
        for (used, tied), ways in rest.items():
            if (left := k - votes - used) <= silent:
                total += Fraction(comb(size, votes) * ways * comb(silent, left), 1 + tied)
    return total


def _rest(others: Sequence[int], most: int, room: int) -> dict[tuple[int, int], int]:
    """Ways to draw from the other classes, at most `most` each: (drawn, classes at `most`)."""
    states = {(0, 0): 1}
    for count in others:
        grown: dict[tuple[int, int], int] = defaultdict(int)
        for (used, tied), ways in states.items():
            for votes in range(min(most, count, room - used) + 1):
                grown[used + votes, tied + (votes == most)] += ways * comb(count, votes)
        states = grown
    return states


def _check(n: int, k: int) -> None:
    if not 0 < k <= n:
        raise ValueError(f"k must lie between 1 and the {n} draws, not {k}.")
