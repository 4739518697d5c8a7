"""Steps as text, and the table after each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.countdown.solution import after_step, path_text, step_text
from tts.countdown.state import Move, Numbers, moves

TABLES = st.lists(st.integers(1, 13), min_size=2, max_size=5).map(lambda n: tuple(sorted(n)))


def test_a_step_says_what_is_left_and_the_last_one_the_answer() -> None:
    path = (Move(8, "*", 3, 24), Move(24, "+", 5, 29))
    text = path_text((3, 5, 8), path)
    assert text == "8 * 3 = 24 | left 5 24\n\n24 + 5 = 29 | answer 29"


@given(TABLES)
def test_every_legal_step_is_followed(numbers: Numbers) -> None:
    for move in moves(numbers):
        left = move.apply(numbers)
        assert after_step(numbers, step_text(move, left)) == left


@pytest.mark.parametrize(
    "step",
    ["8 * 3 = 25 | left 5 25", "8 * 4 = 32 | left 5 32", "8 * 3 = 24 | left 24",
     "8 * 8 = 64 | left 3 5", "5 - 8 = -3 | left -3 3", "8 / 3 = 2 | left 2 5", "8 * 3 = 24", "",
     "8 - 8 = 0 | left 0 3 5", "8 / 0 = 0 | left 0", "8 * 3 = 24 | answer 24"],
)  # fmt: skip
def test_a_step_that_is_not_legal_or_not_so_has_no_table(step: str) -> None:
    assert after_step((3, 5, 8), step) is None


def test_operands_and_the_rest_may_stand_in_any_order() -> None:
    assert after_step((3, 5, 8), "3 * 8 = 24 | left 24 5") == (5, 24)
