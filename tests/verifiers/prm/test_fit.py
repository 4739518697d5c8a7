from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tts.errors import ContextTooLong
from tts.protocols import MarkedRow
from tts.verifiers.prm.family import fit, marked_pieces

QUESTION, MARK = tuple(range(1000, 1010)), (7,)
STEPS = some.lists(some.text("abcdef", min_size=1, max_size=30), min_size=1, max_size=12)


def build(steps: Sequence[str]) -> MarkedRow:
    return marked_pieces(QUESTION, ((tuple(map(ord, step)), MARK) for step in steps))


@given(STEPS, some.integers(min_value=42, max_value=90))
def test_every_step_has_one_mark_behind_the_whole_question(steps: list[str], limit: int) -> None:
    fitted = fit(build, steps, limit)
    assert sum(len(row.marks) for row in fitted.rows) == len(steps)
    assert all(row.ids[: len(QUESTION)] == QUESTION for row in fitted.rows)
    assert all(len(row.ids) <= limit for row in fitted.rows)
    assert fitted.degraded == (len(build(steps).ids) > limit)


@given(STEPS, some.integers(min_value=42, max_value=90))
def test_marks_keep_the_order_of_the_steps(steps: list[str], limit: int) -> None:
    rows = fit(build, steps, limit).rows
    read = [row.ids[mark - 1] for row in rows for mark in row.marks]
    assert read == [ord(step[-1]) for step in steps]


def test_a_step_that_is_too_long_keeps_its_beginning_and_end() -> None:
    fitted = fit(build, ["x", "<" + "a" * 200 + ">"], 60)
    (mark,) = fitted.rows[-1].marks
    ids = fitted.rows[-1].ids
    assert ids[mark - 1] == ord(">")
    assert ord("<") in ids
    assert fitted.degraded


def test_a_question_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ContextTooLong, match="no room"):
        fit(build, ["a step"], 12)
