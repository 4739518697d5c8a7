from __future__ import annotations

import pytest

from tts.arithmetic import FIRST_TRAINING_SEED, generate


def test_the_same_seed_gives_the_same_problems() -> None:
    assert generate(3, 20, seed=7) == generate(3, 20, seed=7)


def test_another_seed_gives_other_problems() -> None:
    assert generate(3, 20, seed=7) != generate(3, 20, seed=8)


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert generate(4, 30, seed=1)[:10] == generate(4, 10, seed=1)


def test_problems_of_one_call_are_distinct() -> None:
    problems = generate(1, 300, seed=0)
    assert len({problem.expression for problem in problems}) == 300


@pytest.mark.parametrize("difficulty_bin", [1, 2, 3, 4, 5])
def test_training_and_held_out_problems_never_meet(difficulty_bin: int) -> None:
    held_out = {problem.expression for problem in generate(difficulty_bin, 150, seed=3)}
    training = {
        problem.expression for problem in generate(difficulty_bin, 1500, seed=FIRST_TRAINING_SEED)
    }
    assert not held_out & training


@pytest.mark.parametrize("difficulty_bin", [1, 2, 3, 4, 5])
def test_answers_are_what_python_computes(difficulty_bin: int) -> None:
    for problem in generate(difficulty_bin, 100, seed=11):
        assert problem.answer == str(eval(problem.expression))


def test_operations_grow_with_the_bin() -> None:
    operations = [
        generate(difficulty_bin, 1, seed=0)[0].operations for difficulty_bin in range(1, 6)
    ]
    assert operations == sorted(set(operations))


def test_operations_are_those_of_the_expression() -> None:
    for problem in generate(5, 20, seed=0):
        assert sum(problem.expression.count(operator) for operator in "+-*") == problem.operations


def test_an_unknown_bin_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        generate(6, 1, seed=0)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        generate(1, -1, seed=0)
