"""Step scores against labelled solutions."""

from __future__ import annotations

import pytest

from tts.eval.metrics import (
    LabelledSteps,
    best_first_error_score,
    first_error_score,
    step_auc,
)

SOLUTIONS = [
    LabelledSteps(scores=(0.9, 0.8, 0.2, 0.95), first_error=2),
    LabelledSteps(scores=(0.9, 0.7), first_error=None),
    LabelledSteps(scores=(0.6, 0.1), first_error=0),
]


def test_steps_after_the_first_error_have_no_label() -> None:
    """Right: .9 .8 .9 .7; wrong: .2 and .6."""
    assert step_auc(SOLUTIONS) == 1.0
    late = LabelledSteps(scores=(0.1, 0.2), first_error=1)
    assert step_auc([late]) == 0.0


def test_right_solutions_alone_have_no_auc() -> None:
    assert step_auc(SOLUTIONS[1:2]) is None


def test_the_first_error_has_to_be_the_first_low_step() -> None:
    found = first_error_score(SOLUTIONS, 0.65)
    assert (found.wrong, found.right, found.f1) == (1.0, 1.0, 1.0)
    found = first_error_score(SOLUTIONS, 0.75)
    assert (found.wrong, found.right, found.f1) == (1.0, 0.0, 0.0)
    found = first_error_score(SOLUTIONS, 0.3)
    assert (found.wrong, found.right, found.f1) == (0.5, 1.0, pytest.approx(2 / 3))


def test_the_best_threshold_has_the_highest_score() -> None:
    assert best_first_error_score(SOLUTIONS).f1 == 1.0


def test_labels_outside_of_a_solution_are_refused() -> None:
    with pytest.raises(ValueError, match="step 2 of 1"):
        LabelledSteps(scores=(0.5,), first_error=2)
    with pytest.raises(ValueError, match="right and wrong"):
        first_error_score(SOLUTIONS[:1], 0.5)
