from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.arithmetic import (
    FIRST_TRAINING_SEED,
    STEP_SEPARATOR,
    any_path,
    generate_graded,
    step_is_correct,
)
from tts.arithmetic.graded import limits_at

seeds = st.integers(0, 10_000)
bins = st.integers(1, 5)


def paths(expression: str, count: int) -> list[list[str]]:
    return [
        any_path(expression, random.Random(seed)).split(STEP_SEPARATOR) for seed in range(count)
    ]


@given(bins, seeds)
def test_every_step_of_every_path_is_legal_and_keeps_the_value(bin_: int, seed: int) -> None:
    (problem,) = generate_graded(bin_, 1, seed)
    for steps in paths(problem.expression, 5):
        assert steps[-1] == rf"\boxed{{{problem.answer}}}"
        for place, step in enumerate(steps):
            preceding = STEP_SEPARATOR.join(steps[:place])
            assert step_is_correct(problem.expression, preceding, step)


@given(bins, seeds)
def test_the_answer_is_what_python_computes(bin_: int, seed: int) -> None:
    (problem,) = generate_graded(bin_, 1, seed)
    assert problem.answer == str(eval(problem.expression))


@given(bins, seeds)
def test_operations_are_those_of_the_expression(bin_: int, seed: int) -> None:
    (problem,) = generate_graded(bin_, 1, seed)
    assert sum(problem.expression.count(sign) for sign in "+-*") == problem.operations


def test_right_paths_differ_in_their_first_step_and_in_length() -> None:
    for problem in generate_graded(5, 20, seed=1):
        found = paths(problem.expression, 64)
        assert len({steps[0] for steps in found}) >= 3
        assert len({len(steps) for steps in found}) >= 2


def test_problems_grow_evenly_with_their_level() -> None:
    limits = [limits_at(level / 100) for level in range(100)]
    for one, other in pairwise(limits):
        assert other.operations - one.operations in (0, 1)
        assert 0 <= other.largest_operand - one.largest_operand <= 1
        assert other.largest_value > one.largest_value


@pytest.mark.parametrize("level", [-0.1, 1.0])
def test_a_level_outside_its_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        limits_at(level)


@pytest.mark.parametrize("bin_", [1, 2, 3, 4, 5])
def test_training_and_held_out_problems_never_meet(bin_: int) -> None:
    held_out = {one.expression for one in generate_graded(bin_, 100, seed=3)}
    training = {one.expression for one in generate_graded(bin_, 1000, seed=FIRST_TRAINING_SEED)}
    assert not held_out & training


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert generate_graded(4, 30, seed=1)[:10] == generate_graded(4, 10, seed=1)


def test_an_unknown_bin_and_a_negative_count_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        generate_graded(6, 1, seed=0)
    with pytest.raises(ValueError, match="negative"):
        generate_graded(1, -1, seed=0)


def test_a_path_through_a_negative_value_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        any_path("(3 - 5) + 4", random.Random(0))
