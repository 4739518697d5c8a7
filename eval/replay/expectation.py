"""What k draws of a problem are expected to give, for many k at once, over all subsets of k.

The same expectations as `tts.backends.replay.expectation`, which has them as exact fractions; here
in floating point, every term positive, over all problems with equally many draws at once, so that a
hundred thousand draws take a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, comb

import numpy as np

from tts.eval.replay.pool import Draws, Flags, Floats, Ints

MOST_EXACT = 1000
"""Draws of a problem up to which a vote is summed exactly; of more, over random subsets."""
SUBSETS = 400
"""Orders of the draws whose beginnings stand for all subsets of a size: unbiased, and nested, so
that a curve over k does not jump."""

Sizes = tuple[int, ...]


def passed(correct: Flags, ks: Sizes) -> Floats:
    """Chance that k draws hold a correct one (Chen et al. 2021, section 2.1).

    `correct` is (problems, draws); the result (problems, len(ks)), as everywhere here.
    """
    n = correct.shape[1]
    found: Floats = 1 - _missed(n, ks)[n - correct.sum(axis=1)]
    return found


def highest(keys: Ints | Floats, values: Floats, ks: Sizes) -> Floats:
    """Expected value of the draw with the highest key among k; equals are taken equally often.

    With the key itself as value: the expected maximum of k.
    """
    order = np.argsort(-keys, axis=1, kind="stable")
    ranked = np.take_along_axis(keys, order, axis=1)
    fresh = np.ones(ranked.shape, dtype=np.bool_)
    fresh[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    tied = np.cumsum(fresh.ravel()) - 1
    sums = np.bincount(tied, np.take_along_axis(values, order, axis=1).ravel())
    shared = (sums / np.bincount(tied))[tied].reshape(values.shape)
    above = _missed(keys.shape[1], ks)[::-1]
    found: Floats = shared @ (above[:-1] - above[1:])
    return found


def scoring(draws: Draws, ks: Sizes) -> Floats:
    """Expected tokens of scoring k draws of a problem, equal texts once, shape (len(ks),)."""
    _, first, counts = np.unique(draws.texts, return_index=True, return_counts=True)
    held: Floats = 1 - _missed(draws.n, ks)[draws.n - counts]
    return draws.score_tokens[first] @ held


def standing(draws: Sequence[Draws]) -> Ints:
    """The key of best-of-k, a row per problem.

    Scored draws with an answer go first, by score; then those without a score; then draws without
    an answer, those that ended before those that were cut, by score, as `select_best` has them.
    """
    scores = np.stack([one.scores for one in draws])
    finished = np.stack([one.finished for one in draws])
    answered = np.stack([one.answered for one in draws])
    scored = ~np.isnan(scores)
    group = np.select([answered & scored, answered, finished], [3, 2, 1], 0)
    _, rank = np.unique(scores, return_inverse=True)
    places = np.where(scored, rank.reshape(scores.shape) + 1, 0)
    found: Ints = group * (int(rank.max()) + 2) + places
    return found


@lru_cache(maxsize=256)
def _missed(n: int, ks: Sizes) -> Floats:
    """C(m, k) / C(n, k) by m = 0 … n and k: the chance that k draws all lie among m of n."""
    found = [[comb(m, k) / comb(n, k) for k in ks] for m in range(n + 1)]
    return np.array(found, dtype=np.float64)


def majority(draws: Draws, ks: Sizes) -> Floats:
    """Chance that a vote among k draws of a problem is right, shape (len(ks),).

    Classes that tie win equally often; where nobody votes it is wrong. A class with draws of both
    verdicts is right in proportion.
    """
    if draws.n > MOST_EXACT:
        return _sampled(draws, ks)
    sizes, rights = draws.sizes.tolist(), draws.rights.tolist()
    silent, found = draws.n - sum(sizes), np.zeros(len(ks))
    for place, right in enumerate(rights):
        if right:
            others = tuple(sorted(sizes[:place] + sizes[place + 1 :], reverse=True))
            found += right / sizes[place] * wins(sizes[place], others, silent, ks)
    return found


@lru_cache(maxsize=65536)
def wins(size: int, others: Sizes, silent: int, ks: Sizes) -> Floats:
    """Chance that a class of that size wins a vote of k, a tie counting by its share."""
    n = size + sum(others) + silent
    second, most = others[0] if others else 0, max((k for k in ks if k < n), default=0)
    ways = np.zeros(most + 1)
    for votes in range(1, min(size, most) + 1):
        room = most - votes
        rest = _rest(others, silent, votes, room) if votes <= second else _binomials(n - size)
        rest = rest[: room + 1]
        ways[votes : votes + len(rest)] += float(comb(size, votes)) * rest
    return np.array([_last(size, others) if k == n else ways[k] / float(comb(n, k)) for k in ks])


def _last(size: int, others: Sizes) -> float:
    """The share of a class in the vote of all draws."""
    ahead = bool(others) and others[0] > size
    return 0.0 if ahead else 1 / (1 + others.count(size))


def _rest(others: Sizes, silent: int, votes: int, room: int) -> Floats:
    """Ways to draw 0 … room from the others, none above `votes`, each weighed by the winner's
    share among those that reach it: 1 / (1 + t) is the integral of y to the t over 0 … 1, and
    Gauss's rule is exact for its polynomial."""
    rivals = [count for count in others if count >= votes]
    free = silent + sum(others) - sum(rivals)
    ties = min(len(rivals), room // votes)
    nodes, weights = _gauss(ceil((ties + 1) / 2))
    found = np.zeros(room + 1)
    for y, weight in zip(nodes, weights, strict=True):
        product = _binomials(free)[: room + 1]
        for count in rivals:
            factor = _binomials(count)[: votes + 1].copy()
            factor[votes] *= y
            product = np.convolve(product, factor)[: room + 1]
        found[: len(product)] += weight * product
    return found


@lru_cache(maxsize=64)
def _gauss(count: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


@lru_cache(maxsize=2048)
def _binomials(n: int) -> Floats:
    return np.array([float(comb(n, k)) for k in range(n + 1)])


def _sampled(draws: Draws, ks: Sizes) -> Floats:
    """The chance over nested random subsets: the beginnings of shuffled orders."""
    random, found = np.random.default_rng(draws.n), np.zeros(len(ks))
    share = draws.rights / np.maximum(draws.sizes, 1)
    for _ in range(SUBSETS):
        shuffled = draws.classes[random.permutation(draws.n)]
        for place, k in enumerate(ks):
            voting = shuffled[:k][shuffled[:k] >= 0]
            votes = np.bincount(voting, minlength=len(share))
            if len(voting):
                found[place] += share[votes == votes.max()].mean()
    return found / SUBSETS


def sizes_up_to(most: int, wanted: Sequence[int] = ()) -> Sizes:
    """The wanted k, or powers of two and the most."""
    if wanted:
        return tuple(sorted({k for k in wanted if 0 < k <= most}))
    powers = [1 << place for place in range(most.bit_length()) if 1 << place <= most]
    return tuple(sorted({*powers, most}))
