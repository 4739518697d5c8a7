"""How the writer paces its transactions."""

from __future__ import annotations

from tts.ledger.writer import DUTY, LONGEST, MANY, PAUSE, rest_after


def test_a_lone_caller_is_not_kept_waiting() -> None:
    assert rest_after(1, 0.0005) == 0.0


def test_many_at_once_are_worth_waiting_for_more() -> None:
    assert rest_after(MANY, 0.0005) == PAUSE


def test_a_slow_disk_is_left_free_most_of_the_time() -> None:
    assert rest_after(MANY, 0.005) == 0.005 * DUTY


def test_no_wait_is_long() -> None:
    assert rest_after(MANY, 9.0) == LONGEST
