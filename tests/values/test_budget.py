"""A budget as a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.values import Budget, Usage

AMOUNTS = st.integers(0, 1000)


def test_what_was_spent_is_taken_off_every_ceiling_and_off_the_deadline() -> None:
    ceiling = Budget(tokens=1000, calls=4, seconds=30.0)
    spent = Usage(calls=1, prompt_tokens=200, completion_tokens=100)
    assert ceiling.after(spent, 2.0) == Budget(tokens=700, calls=3, seconds=28.0)


def test_an_unknown_spend_leaves_nothing() -> None:
    assert Budget(nanodollars=5).after(Usage(nanodollars=None)) == Budget(nanodollars=0)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_two_spends_one_after_the_other_never_pass_the_ceiling(
    ceiling: int, first: int, second: int
) -> None:
    left = Budget(calls=ceiling).after(Usage(calls=first))
    assert left.calls is not None and left.calls >= 0
    if left.allows(Usage(calls=second)) and first <= ceiling:
        assert first + second <= ceiling
