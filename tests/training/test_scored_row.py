from __future__ import annotations

import pytest

from tts.arithmetic import ArithmeticProblem, step_is_correct
from tts.backends.embedded.embedded_model import EmbeddedModel
from tts.training.step_samples import StepSample

pytest.importorskip("torch", reason="training needs the extra `train`")

PROBLEM = ArithmeticProblem(
    id="p",
    expression="(3 + 4) * 2",
    prompt="Compute (3 + 4) * 2.",
    answer="14",
    difficulty_bin=1,
    operations=2,
)


def targets(*steps: str) -> list[int]:
    from tts.training.scored_row import ScoredRow

    labels = tuple(
        step_is_correct(PROBLEM.expression, "\n\n".join(steps[:index]), step)
        for index, step in enumerate(steps)
    )
    sample = StepSample(PROBLEM, "\n\n".join(steps), steps, labels)
    row = ScoredRow.of(sample, EmbeddedModel.shipped("small").tokenizer)
    return [target for target in row.targets if target >= 0]


def test_a_right_step_is_right_throughout() -> None:
    assert targets("7 * 2") == [1, 1, 1, 1]


def test_a_wrong_step_is_right_until_it_errs() -> None:
    assert targets("7 * 3") == [1, 1, 0, 0]


def test_after_a_wrong_step_everything_is_wrong() -> None:
    assert targets("8 * 2", "\\boxed{16}")[4:] == [0] * 5
