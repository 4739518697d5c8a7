"""Generated problems: seeds, bins, and what is kept from training."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.countdown import FIRST_TRAINING_SEED, generate, made
from tts.countdown.problem import DIFFICULTIES, is_held_out, openness
from tts.countdown.state import is_solvable

BINS = st.sampled_from(sorted(DIFFICULTIES))


@settings(max_examples=20, deadline=None)
@given(BINS, st.integers(0, FIRST_TRAINING_SEED * 3))
def test_no_numbers_of_a_held_out_problem_are_trained_on_in_any_order(
    difficulty_bin: int, seed: int
) -> None:
    held_out = seed < FIRST_TRAINING_SEED
    for problem in generate(difficulty_bin, 5, seed):
        assert is_held_out(tuple(sorted(problem.numbers))) == held_out


@settings(max_examples=20, deadline=None)
@given(BINS, st.integers(0, 1000))
def test_every_problem_can_be_solved_and_is_of_its_bin(difficulty_bin: int, seed: int) -> None:
    wanted = DIFFICULTIES[difficulty_bin]
    for problem in generate(difficulty_bin, 5, seed):
        numbers = tuple(sorted(problem.numbers))
        assert is_solvable(numbers, problem.target)
        assert len(numbers) == wanted.numbers
        assert wanted.least_open <= openness(numbers, problem.target) < wanted.most_open


def test_the_same_seed_gives_the_same_problems_and_another_one_others() -> None:
    assert generate(4, 20, seed=7) == generate(4, 20, seed=7) != generate(4, 20, seed=8)


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert generate(5, 30, seed=1)[:10] == generate(5, 10, seed=1)


def test_problems_of_one_call_differ_in_numbers_or_target() -> None:
    found = generate(1, 300, seed=0)
    assert len({(tuple(sorted(one.numbers)), one.target) for one in found}) == 300


def test_prompt_and_reference_name_target_and_numbers() -> None:
    problem = generate(2, 1, seed=0)[0]
    numbers = " ".join(map(str, problem.numbers))
    assert problem.prompt == f"Make {problem.target} from {numbers}."
    found = made(problem.answer)
    assert found is not None
    assert found.value == problem.target
    assert sorted(found.numbers) == sorted(problem.numbers)


def test_an_unknown_bin_and_a_negative_count_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        generate(6, 1, seed=0)
    with pytest.raises(ValueError, match="negative"):
        generate(1, -1, seed=0)
