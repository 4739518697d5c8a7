"""Answers of countdown are the same where they make the same of the same numbers."""

from __future__ import annotations

import pytest

from tts.equivalence import Equivalence

JUDGE = Equivalence(kind="countdown")
REFERENCE = "29 from 3 5 8"


@pytest.mark.parametrize(
    "answer",
    ["(8 * 3) + 5", "5 + 3 × 8", "8*3+5 = 29", "8 * 3 = 24\n24 + 5 = 29", "5 + (3 * 8)"],
)
async def test_any_way_to_the_target_is_right(answer: str) -> None:
    assert await JUDGE.compare(answer, REFERENCE) == "same"


@pytest.mark.parametrize(
    "answer",
    [
        *("29", "29 + 0", "8 * 3 + 5 + 0", "8 * 3", "8 * 3 + 3 + 5 - 3", "24 + 5", "3 + 5 + 8"),
        *("(8 / (3 - 3)) + 5", "8 * 5 - 3 * 3 - 2", "28.99999 from 3 5 8", "none", ""),
        "__import__('os').getpid()",
    ],
)
async def test_other_numbers_another_value_or_no_expression_is_wrong(answer: str) -> None:
    assert await JUDGE.compare(answer, REFERENCE) == "different"


async def test_votes_join_ways_that_make_the_same() -> None:
    answers = ["8 * 3 + 5", "8 + 3 + 5", "5 + 8 * 3", "29", "5 + 3 + 8"]
    assert await JUDGE.groups(answers) == [[0, 2], [1, 4], [3]]
