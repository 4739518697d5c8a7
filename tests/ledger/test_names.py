from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tts.ledger import Ledger
from tts.ledger.names import Names


@given(st.sets(st.text(), max_size=50))
def test_no_name_that_was_added_is_ever_missing(names: set[str]) -> None:
    held = Names(names)
    assert all(name in held for name in names)


def test_few_others_seem_to_be_there() -> None:
    held = Names(f"p{number}" for number in range(100_000))
    assert sum(f"q{number}" in held for number in range(10_000)) < 50


async def test_what_was_held_is_known_once_it_is_let_go(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path / "a.db", job="j") as ledger:
        ledger.hold({"p": {"p", "run of p"}})
        ledger.let_go(["p"])
        assert not ledger.is_new("run of p", "p")
        assert ledger.is_new("run of q", "q")
