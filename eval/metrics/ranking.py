"""Rankings against the documents that an answer rests on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf, log2


def recall_at(ranking: Sequence[str], gold: Collection[str], k: int) -> float:
    """Share of the gold ids among the first `k`; ValueError where there is no gold id."""
    wanted = _wanted(gold)
    return len(wanted & set(ranking[:k])) / len(wanted)


def all_gold_at(ranking: Sequence[str], gold: Collection[str], k: int) -> bool:
    """Whether every gold id is among the first `k`: what a question of several hops needs."""
    return _wanted(gold) <= set(ranking[:k])


def reciprocal_rank(ranking: Sequence[str], gold: Collection[str]) -> float:
    """1 / rank of the first gold id, 0 where there is none; its mean is the MRR."""
    wanted = _wanted(gold)
    return next((1 / rank for rank, id in enumerate(ranking, start=1) if id in wanted), 0.0)


def ndcg_at(ranking: Sequence[str], gold: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`, each gold id gaining 1 (Järvelin and
    Kekäläinen 2002); an id that comes twice gains once."""
    wanted = _wanted(gold)
    distinct = list(dict.fromkeys(ranking))[:k]
    gained = _discounted([float(id in wanted) for id in distinct], k)
    ideal = _discounted([1.0] * len(wanted), k)
    return gained / ideal if ideal else 0.0


def _wanted(gold: Collection[str]) -> set[str]:
    wanted = set(gold)
    if not wanted:
        raise ValueError("A ranking is measured against at least one gold document.")
    return wanted


def ndcg_of_scores(
    scores: Sequence[float | None], gains: Sequence[float], k: int = 10
) -> float | None:
    """NDCG at `k` of candidates ranked by score, those without one behind all others.

    Equal scores are in no order, so each of them gains the mean of its tie (McSherry and Najork
    2008); scores that are all equal give what no ranking has. None where nothing gains anything.
    """
    ideal = _discounted(sorted(gains, reverse=True), k)
    if not ideal:
        return None
    ties: dict[float, list[float]] = {}
    for score, gain in zip(scores, gains, strict=True):
        ties.setdefault(-inf if score is None else score, []).append(gain)
    ranked = [
        sum(ties[score]) / len(ties[score])
        for score in sorted(ties, reverse=True)
        for _ in ties[score]
    ]
    return _discounted(ranked, k) / ideal


def _discounted(gains: Sequence[float], k: int) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains[:k], start=1))
