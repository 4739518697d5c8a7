from __future__ import annotations

import pytest

from tts.arithmetic import STEP_SEPARATOR, generate, solution, step_is_correct


def test_each_step_reduces_the_leftmost_innermost_operation() -> None:
    assert solution("(3 + 4) * (2 - 1)") == "7 * (2 - 1)\n\n7 * 1\n\n\\boxed{7}"


def test_a_single_operation_is_boxed_at_once() -> None:
    assert solution("3 + 4") == "\\boxed{7}"


@pytest.mark.parametrize("difficulty_bin", [1, 2, 3, 4, 5])
def test_every_gold_step_is_correct(difficulty_bin: int) -> None:
    for problem in generate(difficulty_bin, 30, seed=5):
        steps = solution(problem.expression).split(STEP_SEPARATOR)
        for index, step in enumerate(steps):
            preceding = STEP_SEPARATOR.join(steps[:index])
            assert step_is_correct(problem.expression, preceding, step)


def test_an_unreadable_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        solution("3 + ")
