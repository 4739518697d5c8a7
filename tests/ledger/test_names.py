from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.ledger.names import Names


@given(st.sets(st.text(), max_size=50))
def test_no_name_that_was_added_is_ever_missing(names: set[str]) -> None:
    held = Names(names)
    assert all(name in held for name in names)


def test_few_others_seem_to_be_there() -> None:
    held = Names(f"p{number}" for number in range(100_000))
    assert sum(f"q{number}" in held for number in range(10_000)) < 50
