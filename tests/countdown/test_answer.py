"""What is executed of an answer, and what never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.countdown import ended, made
from tts.countdown.solution import path_text
from tts.countdown.state import Numbers, moves

SOLUTION = "8 * 3 = 24 | left 5 24\n\n24 + 5 = 29 | answer 29"
GAME24 = "10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 30 (left: 6 30)\n30 - 6 = 24 (left: 24)"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("(8 * 3) + 5", "29 from 3 5 8"),
        ("8*3+5", "29 from 3 5 8"),
        ("8 × 3 + 5 = 29", "29 from 3 5 8"),
        ("8 * 3 + 5 = 30", "29 from 3 5 8"),
        (r"$8 \times 3 + 5$", "29 from 3 5 8"),
        ("(8 + 8 ÷ 2)", "12 from 2 8 8"),
        ("8 - 5 - 3", "0 from 3 5 8"),
        ("8 / (3 - 8 / 3)", "24 from 3 3 8 8"),
        ("5 / 3", "5/3 from 3 5"),
        ("29 from 8 5 3", "29 from 3 5 8"),
        (SOLUTION, "29 from 3 5 8"),
        ("8 * 3 = 24\n24 + 5 = 29", "29 from 3 5 8"),
        (GAME24, "24 from 4 5 6 10"),
        ("8 / 3 = 8/3\n3 - 8/3 = 1/3\n8 / 1/3 = 24", "24 from 3 3 8 8"),
        ("4 - 5 = -1\n6 + (-1) = 5", "5 from 4 5 6"),
    ],
)
def test_an_answer_makes_a_value_of_numbers(answer: str, what: str) -> None:
    assert str(made(answer)) == what


@pytest.mark.parametrize(
    "answer",
    ["", "=", "= 29", "8 +", "8 8", "(8", "8)", "8 3 +", "8 / 0", "8 / (3 - 3)", "4 / 0 = 4",
     "8 * 3 + 5 = x", "8 * 3 = 25\n25 + 4 = 29", "8 * 3 = 24\n5 + 2 = 7", "-8 + 3", "2 ** 3",
     "2 ^ 3", "8 % 3", "8 // 3", "1e9", "0x10", "٣ + ٤", "8 | 3", "eight", "1 from", "x",
     "__import__('os').system('true')", "(lambda: 29)()", "9" * 40, "(" * 300 + "1" + ")" * 300,
     "9**9**9**9", "1 + " * 200 + "1", "1" + "+1" * 40, "8 = 8 = 8", "\x00", "5 - 2 = 3 = 3"],
)  # fmt: skip
def test_anything_else_makes_nothing(answer: str) -> None:
    assert made(answer) is None


@given(st.text(alphabet="0123456789+-*/()= \nlefta|.,:×÷{}[]", max_size=80))
def test_whatever_makes_something_makes_it_of_numbers_in_the_text(text: str) -> None:
    found = made(text)
    if found is not None:
        assert all(str(number) in text for number in found.numbers)
        writable = found.value.denominator == 1 and 0 <= found.value < 1_000_000
        assert not writable or made(str(found)) is not None


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (SOLUTION, "(8 * 3) + 5"),
        (GAME24, "(5 * (10 - 4)) - 6"),
        (GAME24 + "\nAnswer: that is it", "(5 * (10 - 4)) - 6"),
        ("8 * 3 = 24 | left 5 24", None),
        ("8 * 3 = 24\n24 + 5 = 29", None),
        ("no step", None),
        ("I try this:\n(8 * 3) + 5 = 29\n", "(8 * 3) + 5 = 29"),
        ("Make 29 from 8 5 3.", None),
        ("8 * 3 = 25 | left 5 25\n\n25 + 5 = 30 | answer 30", None),
    ],
)
def test_steps_end_where_the_last_one_says_so(text: str, expression: str | None) -> None:
    assert ended(text) == expression


@given(st.lists(st.integers(1, 13), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_every_legal_path_is_read_back_as_what_it_makes(given_: list[int], luck: object) -> None:
    numbers: Numbers = tuple(sorted(given_))
    path = []
    while len(numbers) > 1:
        path.append(luck.choice(moves(numbers)))  # type: ignore[attr-defined]
        numbers = path[-1].apply(numbers)
    text = path_text(tuple(sorted(given_)), path)
    expression = ended(text)
    assert expression is not None
    for answer in (text, expression):
        found = made(answer)
        assert found is not None
        assert [found.value] == list(numbers)
        assert sorted(found.numbers) == sorted(given_)
