"""Which attempts are repeated, and when."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import (
    BadReply,
    BadRequest,
    CallError,
    CallTimeout,
    ContextTooLong,
    NotSent,
    RateLimited,
    ToolFailed,
    Unauthorized,
    Unavailable,
    UsageError,
)
from tts.executor.limits import RetryPolicy
from tts.protocols import Effect

STEADY = RetryPolicy(jitter=0.0)


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(retries=9, jitter=0.0)
    waits = [policy.delay(i, Unavailable("down"), Random(0), "read") for i in range(9)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_it_gives_up_after_the_last_retry() -> None:
    assert STEADY.delay(4, Unavailable("down"), Random(0), "read") is not None
    assert STEADY.delay(5, Unavailable("down"), Random(0), "read") is None


@pytest.mark.parametrize("kind", [BadRequest, ContextTooLong, Unauthorized, BadReply, ToolFailed])
def test_what_repeating_cannot_help_is_not_repeated(kind: type[CallError]) -> None:
    assert STEADY.delay(0, kind("no"), Random(0), "pure") is None


@pytest.mark.parametrize("effect", ["write", "irreversible"])
@pytest.mark.parametrize("kind", [Unavailable, CallTimeout])
def test_a_write_that_may_have_happened_is_never_repeated(
    kind: type[CallError], effect: Effect
) -> None:
    assert STEADY.delay(0, kind("?"), Random(0), effect) is None


@pytest.mark.parametrize("effect", ["write", "irreversible"])
@pytest.mark.parametrize("kind", [NotSent, RateLimited])
def test_a_write_that_provably_did_not_happen_is_repeated(
    kind: type[CallError], effect: Effect
) -> None:
    assert STEADY.delay(0, kind("later"), Random(0), effect) == 0.5


@pytest.mark.parametrize("effect", ["pure", "read", "idempotent"])
def test_what_may_be_repeated_is_repeated_after_a_timeout(effect: Effect) -> None:
    assert STEADY.delay(0, CallTimeout("late"), Random(0), effect) == 0.5


def test_retry_after_longer_than_the_longest_wait_gives_up_at_once() -> None:
    assert STEADY.delay(0, RateLimited("429", retry_after=121), Random(0), "read") is None


@given(st.integers(0, 4), st.floats(0, 120), st.integers())
def test_retry_after_is_waited_for_and_the_longest_wait_kept(
    number: int, asked: float, seed: int
) -> None:
    error = RateLimited("429", retry_after=asked)
    wait = RetryPolicy().delay(number, error, Random(seed), "read")
    assert wait is not None
    assert asked <= wait <= 120


@given(st.integers(0, 4), st.integers())
def test_jitter_stays_within_its_share(number: int, seed: int) -> None:
    wait = RetryPolicy().delay(number, NotSent("refused"), Random(seed), "read")
    assert wait is not None
    assert 0.75 * 0.5 * 2**number <= wait <= 1.25 * 0.5 * 2**number


@pytest.mark.parametrize("wrong", [{"retries": -1}, {"first_delay": -0.1}, {"jitter": 1.5}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]
