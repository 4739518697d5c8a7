"""The accuracy of a strategy on a set."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tts.eval.metrics.problem_score import ProblemScore


class Accuracy(Struct, frozen=True, kw_only=True):
    """The mean over problems of each one's share of right answers, and what it rests on."""

    value: float | None
    """None where no problem was graded."""
    n: int
    """Problems with at least one graded run."""
    runs: int
    """Graded runs."""
    undecided: int
    ungraded: int
    """Runs left out: they failed or were suspended."""


def accuracy(scores: Iterable[ProblemScore]) -> Accuracy:
    """Every problem counts once, however often it was run."""
    known = list(scores)
    means = [score.mean for score in known if score.mean is not None]
    return Accuracy(
        value=sum(means) / len(means) if means else None,
        n=len(means),
        runs=sum(score.graded for score in known),
        undecided=sum(score.undecided for score in known),
        ungraded=sum(score.ungraded for score in known),
    )
