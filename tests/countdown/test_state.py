"""The solver against brute force over expressions, and what holds of every step."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.countdown.state import LARGEST, Move, Numbers, is_solvable, moves, open_moves, reachable

TABLES = st.lists(st.integers(1, 13), min_size=2, max_size=4).map(lambda n: tuple(sorted(n)))


def brute_force(numbers: tuple[int, ...]) -> set[int]:
    """Every value of every way to put brackets and operators between the numbers in any order."""
    found: set[int] = set()
    for order in set(permutations(numbers)):
        found |= bracketed(order)
    return found


def bracketed(order: tuple[int, ...]) -> set[int]:
    if len(order) == 1:
        return {order[0]}
    return {
        value
        for cut in range(1, len(order))
        for left, right in product(bracketed(order[:cut]), bracketed(order[cut:]))
        for value in joined(left, right)
        if 0 < value <= LARGEST
    }


def joined(left: int, right: int) -> list[int]:
    quotient = [left // right] if left % right == 0 else []
    return [left + right, left - right, left * right, *quotient]


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_what_can_be_reached_is_what_brute_force_finds(numbers: Numbers) -> None:
    assert {t for t in range(LARGEST + 1) if reachable(numbers) >> t & 1} == brute_force(numbers)


@given(TABLES)
def test_every_step_leaves_one_number_less_within_the_bounds(numbers: Numbers) -> None:
    for move in moves(numbers):
        left = move.apply(numbers)
        assert len(left) == len(numbers) - 1
        assert list(left) == sorted(left)
        assert all(1 <= number <= LARGEST for number in left)


@given(TABLES)
def test_no_step_is_listed_twice(numbers: Numbers) -> None:
    found = moves(numbers)
    assert len(set(found)) == len(found)


@given(TABLES, st.integers(1, LARGEST))
def test_a_target_is_solvable_where_and_only_where_a_step_stays_open(
    numbers: Numbers, target: int
) -> None:
    assert is_solvable(numbers, target) == bool(open_moves(numbers, target))


def test_a_number_that_is_there_once_cannot_be_used_twice() -> None:
    with pytest.raises(ValueError, match="not in"):
        Move(8, "+", 8, 16).apply((3, 8))
