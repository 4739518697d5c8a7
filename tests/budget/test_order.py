"""The canonical order agrees with a plain sorted list, whatever enters and leaves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.budget import order
from tts.budget.order import CanonicalOrder


@dataclass(eq=False)
class Entry:
    place: tuple[int, ...]
    held: tuple[int, int]


places = st.lists(st.integers(-1, 3), min_size=1, max_size=3).map(tuple)
moves = st.lists(
    st.one_of(
        st.tuples(places, st.tuples(st.integers(0, 9), st.integers(0, 9))), st.integers(0, 99)
    ),
    max_size=60,
)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so short that a few entries fill several."""
    monkeypatch.setattr(order, "WIDEST", 4)


def amounts(entries: list[Entry]) -> list[int]:
    return [sum(entry.held[i] for entry in entries) for i in (0, 1)]


@given(moves=moves)
def test_what_stands_before_an_entry_is_what_a_sorted_list_says(
    moves: list[tuple[tuple[int, ...], tuple[int, int]] | int],
) -> None:
    found, expected = CanonicalOrder[Entry](2), list[Entry]()
    for move in moves:
        if not isinstance(move, int):
            entry = Entry(*move)
            found.enter(entry)
            expected = sorted([*expected, entry], key=lambda one: one.place)
        elif expected:
            found.leave(expected.pop(move % len(expected)))
        assert found.first is (expected[0] if expected else None)
        assert found.total == amounts(expected)
        for i, one in enumerate(expected):
            assert list(found.before(one)) == amounts(expected[:i])
