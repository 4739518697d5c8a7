"""What scores are worth: do they rank, are they probabilities, is there anything to select."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Scored = Sequence[tuple[float, bool]]
"""Scores with the truth about what they were given to."""


def auc(scored: Scored) -> float | None:
    """Chance that a right one has a higher score than a wrong one, equal scores counting half.

    None where all are right, or all wrong.
    """
    right = np.sort([score for score, truth in scored if truth])
    wrong = np.sort([score for score, truth in scored if not truth])
    if not len(right) or not len(wrong):
        return None
    below = np.searchsorted(wrong, right, side="left").sum()
    equal = np.searchsorted(wrong, right, side="right").sum() - below
    return float((below + equal / 2) / (len(right) * len(wrong)))


def rank_within(problems: Iterable[Scored]) -> float | None:
    """The mean AUC inside a problem, over those with draws of both verdicts: what selection rests
    on, as a verifier that only knows which problems are hard has .5 here; None without any."""
    found = [value for one in problems if (value := auc(one)) is not None]
    return sum(found) / len(found) if found else None


class CalibrationBin(Struct, frozen=True):
    """Scores of about one size, and how often they were right."""

    score: float
    accuracy: float
    count: int


class Calibration(Struct, frozen=True, kw_only=True):
    """How far scores are probabilities of being right."""

    brier: float
    """Mean squared error (Brier 1950)."""
    ece: float
    """Expected calibration error: the mean gap of score and accuracy, bins by their counts."""
    bins: tuple[CalibrationBin, ...]


def calibration(scored: Sequence[tuple[float, float]], *, bins: int = 10) -> Calibration:
    """Of scores with the truth, or with a share of right ones, over bins of equally many scores,
    equal scores in one bin. ValueError without any score."""
    if not scored or bins < 1:
        raise ValueError("Calibration takes at least one score and one bin.")
    told = sorted(scored)
    scores = np.array([score for score, _ in told])
    truth = np.array([right for _, right in told], dtype=np.float64)
    edges = np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1])
    place = np.searchsorted(edges, scores, side="left")
    found = tuple(
        CalibrationBin(
            float(scores[place == at].mean()),
            float(truth[place == at].mean()),
            int((place == at).sum()),
        )
        for at in np.unique(place)
    )
    gaps = sum(one.count * abs(one.score - one.accuracy) for one in found)
    brier = float(np.mean((scores - truth) ** 2))
    return Calibration(brier=brier, ece=gaps / len(told), bins=found)


class Headroom(Struct, frozen=True, kw_only=True):
    """Whether a verifier is worth buying: draws of a problem differ in reward, and some are well
    above the mean (Setlur et al. 2025, section 4, whose two conditions these are).

    With verification the loss to an expert shrinks faster in the test-time budget than without,
    where the policy is heterogeneous and its rewards are anti-concentrated; both are measured over
    whole draws here, with the reward 1 for a right one.
    """

    heterogeneity: float
    """Standard deviation of the reward inside a problem: root of the mean variance."""
    between: float
    """Standard deviation of the problems' means."""
    anti_concentration: Mapping[float, float]
    """By multiples of a problem's own deviation, the mean chance of a draw that lies as far above
    its mean; problems without any spread have none."""
    mixed: float
    """Share of problems with draws of both rewards: where a choice matters at all."""


def headroom(
    rewards: Sequence[Sequence[float]], *, above: Sequence[float] = (0.0, 0.5, 1.0, 2.0)
) -> Headroom:
    """From the rewards of each problem's draws; ValueError where no problem has two."""
    told = [np.asarray(one, dtype=np.float64) for one in rewards if len(one) > 1]
    if not told:
        raise ValueError("Heterogeneity shows in two draws per problem or more.")
    deviations = np.array([one.std(ddof=1) for one in told])
    means = np.array([one.mean() for one in told])
    return Headroom(
        heterogeneity=float(np.sqrt(np.mean(deviations**2))),
        between=float(means.std()),
        anti_concentration={far: float(np.mean([_far(one, far) for one in told])) for far in above},
        mixed=float(np.mean(deviations > 0)),
    )


def _far(rewards: NDArray[np.float64], far: float) -> float:
    spread = rewards.std()
    if spread == 0:
        return 0.0
    return float(np.mean(rewards >= rewards.mean() + far * spread - 1e-12))


class Overconfidence(Struct, frozen=True, kw_only=True):
    """Whether draws are too much alike for pass@N (Chen et al. 2025).

    A model that is trained to be sure covers little with N draws: what it gains by agreeing with
    itself where it is right, it loses where it is wrong.
    """

    confidence: float
    """Mean share of the most frequent answer."""
    accuracy: float
    """How often that answer is right."""
    ceiling: float
    """Mean bound on pass@N that the sureness about wrong answers leaves: 1 - share to the N."""
    weight: float
    """Mean weight of a problem in the gradient of pass@N, `pass_at_n_weight`: near 0, further
    sureness gains nothing."""

    @property
    def gap(self) -> float:
        """How much surer than right."""
        return self.confidence - self.accuracy


def pass_at_n_weight(p: float, n: int) -> float:
    """By how much the gradient of log pass@n differs from that of log p: n·p·(1 - p)ⁿ⁻¹ / (1 -
    (1 - p)ⁿ), 1 for p towards 0 and 0 at p = 1 (Chen et al. 2025, the factor that limits
    confidence)."""
    if not 0 <= p <= 1 or n < 1:
        raise ValueError("p lies between 0 and 1, and n is at least 1.")
    if p == 0:
        return 1.0
    missed = (1 - p) ** n
    return n * p * (1 - p) ** (n - 1) / (1 - missed)


def overconfidence(
    problems: Sequence[tuple[Sequence[int], Sequence[int]]], n: int
) -> Overconfidence:
    """From the votes per class and the right draws per class of each problem; those without a vote
    say nothing. ValueError where none has any."""
    told = [(np.asarray(v), np.asarray(r)) for v, r in problems if sum(v)]
    if not told:
        raise ValueError("Nobody votes, so nobody is sure of anything.")
    leaders = [int(votes.argmax()) for votes, _ in told]
    shares = [votes[at] / votes.sum() for (votes, _), at in zip(told, leaders, strict=True)]
    right = [r[at] / v[at] for (v, r), at in zip(told, leaders, strict=True)]
    chances = [r.sum() / v.sum() for v, r in told]
    bounds = [1 - (1 - truth) * share**n for share, truth in zip(shares, right, strict=True)]
    return Overconfidence(
        confidence=float(np.mean(shares)),
        accuracy=float(np.mean(right)),
        ceiling=float(np.mean(bounds)),
        weight=float(np.mean([pass_at_n_weight(float(p), n) for p in chances])),
    )
