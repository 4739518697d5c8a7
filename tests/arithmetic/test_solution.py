from __future__ import annotations

import pytest

from tts.arithmetic import STEP_SEPARATOR, generate, solution, step_is_correct

EXPRESSION = "(3 + 4) * (2 + 1)"


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


@pytest.mark.parametrize("step", ["7 * (2 + 1)", "(3 + 4) * 3", "7 * 3", "\\boxed{21}", "7*(2+1)"])
def test_a_legal_reduction_is_correct(step: str) -> None:
    assert step_is_correct(EXPRESSION, "", step)


def test_a_wrong_value_is_wrong() -> None:
    assert not step_is_correct(EXPRESSION, "", "8 * (2 + 1)")


def test_the_right_value_by_an_illegal_step_is_wrong() -> None:
    assert not step_is_correct(EXPRESSION, "", "3 * 7")


def test_copying_the_expression_is_no_step() -> None:
    assert not step_is_correct(EXPRESSION, "", EXPRESSION)


def test_a_legal_step_after_a_wrong_one_is_wrong() -> None:
    assert not step_is_correct(EXPRESSION, "8 * (2 + 1)", "8 * 3")


def test_boxing_the_number_found_is_correct() -> None:
    assert step_is_correct(EXPRESSION, "7 * 3\n\n21", "\\boxed{21}")


def test_repeating_the_number_unboxed_is_wrong() -> None:
    assert not step_is_correct(EXPRESSION, "7 * 3\n\n21", "21")


@pytest.mark.parametrize("step", ["", "7 * (2 + 1", "7 *", "seven", "7 * 3 3", "\\boxed{x}"])
def test_an_unreadable_step_is_wrong(step: str) -> None:
    assert not step_is_correct(EXPRESSION, "", step)


def test_a_step_after_an_unreadable_one_is_wrong() -> None:
    assert not step_is_correct(EXPRESSION, "7 *", "\\boxed{21}")


def test_an_unreadable_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        step_is_correct("(3 + 4", "", "7")
