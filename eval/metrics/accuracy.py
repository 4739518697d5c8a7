"""Figures of merit: per run (a grade), per problem (a score), per set (an accuracy)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from tts.eval.attempts import Grade


class ProblemScore(Struct, frozen=True, kw_only=True):
    """How often one problem was solved; runs without a grade are counted apart."""

    problem_id: str
    graded: int
    correct: int
    undecided: int = 0
    """Graded wrong because no comparison could tell."""
    ungraded: int = 0
    """Failed or suspended runs: no wrong answers, and not part of `graded`."""

    @property
    def mean(self) -> float | None:
        """Share of right answers among the graded runs; None where no run was graded."""
        return self.correct / self.graded if self.graded else None


def problem_score(problem_id: str, grades: Iterable[Grade]) -> ProblemScore:
    """The score of one problem from the grades of its runs."""
    graded = correct = undecided = ungraded = 0
    for grade in grades:
        if grade.correct is None:
            ungraded += 1
        else:
            graded += 1
            correct += grade.correct
        undecided += grade.reason == "undecided"
    return ProblemScore(
        problem_id=problem_id,
        graded=graded,
        correct=correct,
        undecided=undecided,
        ungraded=ungraded,
    )


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


def difficulty_bins(pass_rates: Mapping[str, float], *, bins: int = 5) -> dict[str, int]:
    """A bin per problem id, 1 (easiest) to `bins`, by quantiles of the model's own pass@1.

    Problems of equal pass@1 share a bin, so bins may be uneven and a bin may stay empty (Snell et
    al. 2024, section 3.2). Estimate the rates on other draws than those that are compared.
    """
    if bins < 1:
        raise ValueError(f"At least one bin is needed, not {bins}.")
    ordered = sorted(pass_rates, key=lambda one: (-pass_rates[one], one))
    middle: dict[float, float] = {}
    for rate in set(pass_rates.values()):
        places = [place for place, one in enumerate(ordered) if pass_rates[one] == rate]
        middle[rate] = (places[0] + places[-1] + 1) / 2
    return {one: 1 + int(middle[pass_rates[one]] * bins / len(ordered)) for one in ordered}
