"""Verifiers of steps against labelled solutions: step AUC, and the first error found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from tts.eval.metrics.verifier import auc


class LabelledSteps(Struct, frozen=True, kw_only=True):
    """A solution's step scores beside its first wrong step."""

    scores: tuple[float, ...]
    """One per step, high where it is thought right."""
    first_error: int | None
    """From 0; None: every step is right."""

    def __post_init__(self) -> None:
        if self.first_error is not None and not 0 <= self.first_error < len(self.scores):
            raise ValueError(
                f"The first error is step {self.first_error} of {len(self.scores)}, from 0."
            )


def step_auc(solutions: Iterable[LabelledSteps]) -> float | None:
    """How well scores tell right steps from the first wrong one, over all steps up to it.

    What follows a first error has no label: it may be right by itself and rest on what is wrong
    (Xia et al. 2024 evaluate MR-MATH so). None without steps of both kinds.
    """
    return auc([labelled for solution in solutions for labelled in _up_to_error(solution)])


def _up_to_error(solution: LabelledSteps) -> Iterator[tuple[float, bool]]:
    for place, score in enumerate(solution.scores):
        yield score, place != solution.first_error
        if place == solution.first_error:
            return


class FirstErrorScore(Struct, frozen=True, kw_only=True):
    """How often the first error is found where there is one, and none where there is none
    (Zheng et al. 2024, ProcessBench)."""

    threshold: float
    """Below it a step is called wrong."""
    wrong: float
    """Share of the wrong solutions whose very first error is named."""
    right: float
    """Share of the right solutions in which nothing is called wrong."""

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.wrong + self.right
        return 2 * self.wrong * self.right / both if both else 0.0


def first_error_score(solutions: Sequence[LabelledSteps], threshold: float) -> FirstErrorScore:
    """The score at one threshold. ValueError unless there are right and wrong solutions."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for solution in solutions:
        low = (place for place, score in enumerate(solution.scores) if score < threshold)
        hits[solution.first_error is None].append(next(low, None) == solution.first_error)
    if not hits[True] or not hits[False]:
        raise ValueError("The score of first errors takes right and wrong solutions.")
    return FirstErrorScore(
        threshold=threshold, wrong=float(np.mean(hits[False])), right=float(np.mean(hits[True]))
    )


def best_first_error_score(solutions: Sequence[LabelledSteps]) -> FirstErrorScore:
    """At the threshold with the highest F1; choose it on other solutions than those judged."""
    levels = sorted({score for solution in solutions for score in solution.scores})
    thresholds = [*levels, levels[-1] + 1] if levels else [0.0]
    found = (first_error_score(solutions, threshold) for threshold in thresholds)
    return max(found, key=lambda one: one.f1)
