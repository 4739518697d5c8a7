from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from tts.backends.vllm.head_reader import KeptVectors, placed_vectors
from tts.protocols import MarkedRow

ROW = MarkedRow((1, 2, 3, 4, 5), (1, 4))


def test_what_was_kept_is_found_in_a_longer_text() -> None:
    kept = KeptVectors()
    kept.keep(ROW, ((0.1,), (0.2,)))
    longer = MarkedRow((1, 2, 3, 4, 5, 6), (1, 4, 5))
    assert kept.find(longer) == [(0.1,), (0.2,), None]


def test_another_beginning_is_another_text() -> None:
    kept = KeptVectors()
    kept.keep(ROW, ((0.1,), (0.2,)))
    assert kept.find(MarkedRow((9, 2, 3, 4, 5), (1, 4))) == [None, None]


def test_the_oldest_are_forgotten() -> None:
    kept = KeptVectors(capacity=2)
    kept.keep(ROW, ((0.1,), (0.2,)))
    kept.keep(MarkedRow((7,), (0,)), ((0.3,),))
    assert kept.find(ROW) == [None, (0.2,)]


def test_rows_are_counted_from_the_end() -> None:
    tail = [(3.0,), (4.0,)]
    assert placed_vectors(ROW, [(0.5,), None], tail) == ((0.5,), (4.0,))


def test_a_mark_before_the_tail_that_was_not_kept_needs_the_whole() -> None:
    assert placed_vectors(ROW, [None, None], [(4.0,)]) is None


@given(some.integers(1, 40), some.data())
def test_any_tail_gives_what_the_whole_gives(size: int, data: some.DataObject) -> None:
    marks = data.draw(some.sets(some.integers(0, size - 1), min_size=1).map(sorted))
    cached = data.draw(some.integers(0, size - 1))
    row = MarkedRow(tuple(range(size)), tuple(marks))
    whole = [(float(index),) for index in range(size)]
    kept = [whole[mark] if mark < cached else None for mark in marks]
    assert placed_vectors(row, kept, whole[cached:]) == tuple(whole[mark] for mark in marks)
