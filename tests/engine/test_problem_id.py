from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.engine.engine import LONGEST_ID, problem_id


def test_long_prompts_with_one_beginning_are_two_problems() -> None:
    beginning = "x" * LONGEST_ID
    assert problem_id(beginning + "a") != problem_id(beginning + "b")


@given(st.text(max_size=500))
def test_an_id_is_never_longer_than_the_ledger_likes(prompt: str) -> None:
    assert len(problem_id(prompt)) <= LONGEST_ID
