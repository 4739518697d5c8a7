"""Limits that are fixed, and limits that find themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import UsageError
from tts.executor.concurrency import AdaptiveConcurrency, Concurrency


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def adaptive(time: Time, *, start: int = 10) -> AdaptiveConcurrency:
    return AdaptiveConcurrency(2, start=start, maximum=40, cooldown=5.0, clock=time)


def test_a_fixed_limit_stays_whatever_happens() -> None:
    limit = Concurrency(4)
    limit.succeeded(4)
    limit.throttled()
    limit.failed()
    assert limit.limit == 4


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_limit_below_one_is_refused(wrong: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Concurrency(4).resize(wrong)


def test_an_adaptive_limit_starts_no_higher_than_its_maximum() -> None:
    assert AdaptiveConcurrency(maximum=4).limit == 4
    with pytest.raises(UsageError, match="minimum"):
        AdaptiveConcurrency(5, maximum=4)


def test_one_burst_of_throttling_shrinks_once() -> None:
    limit = adaptive(Time())
    for _ in range(10):
        limit.throttled()
    assert limit.limit == 8


def test_it_shrinks_again_after_the_cooldown_down_to_its_minimum() -> None:
    time = Time()
    limit = adaptive(time)
    for _ in range(20):
        time.now += 5
        limit.throttled()
    assert limit.limit == 2


def test_before_the_first_throttling_a_round_trip_doubles_it() -> None:
    limit = adaptive(Time())
    for _ in range(10):
        limit.succeeded(limit.limit)
    assert limit.limit == 20


def test_after_the_first_throttling_a_round_trip_adds_one() -> None:
    time = Time()
    limit = adaptive(time)
    limit.throttled()
    time.now = 5.0
    for _ in range(8):
        limit.succeeded(limit.limit)
    assert limit.limit == 9


def test_it_does_not_grow_where_nobody_needs_more() -> None:
    limit = adaptive(Time())
    limit.succeeded(9)
    assert limit.limit == 10


def test_a_failure_of_the_other_side_pauses_growth() -> None:
    time = Time()
    limit = adaptive(time)
    limit.failed()
    limit.succeeded(10)
    assert limit.limit == 10
    time.now = 5.0
    limit.succeeded(10)
    assert limit.limit == 11


def test_only_growth_is_announced() -> None:
    limit, seen = Concurrency(4), []
    limit.watch(lambda: seen.append(limit.limit))
    limit.resize(2)
    limit.resize(6)
    assert seen == [6]


@given(st.lists(st.tuples(st.sampled_from("stf"), st.integers(0, 9), st.integers(1, 50))))
def test_it_stays_between_minimum_and_maximum(events: list[tuple[str, int, int]]) -> None:
    time = Time()
    limit = adaptive(time)
    for kind, passed, in_flight in events:
        time.now += passed
        if kind == "s":
            limit.succeeded(in_flight)
        else:
            (limit.throttled if kind == "t" else limit.failed)()
        assert 2 <= limit.limit <= 40
