"""The grades of one problem's repeated runs, taken together."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tts.eval.grader import Grade


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
    known = list(grades)
    return ProblemScore(
        problem_id=problem_id,
        graded=sum(grade.correct is not None for grade in known),
        correct=sum(grade.correct is True for grade in known),
        undecided=sum(grade.reason == "undecided" for grade in known),
        ungraded=sum(grade.correct is None for grade in known),
    )
