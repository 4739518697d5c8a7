"""What a comparison keeps of its runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.attempts import Attempt, Grade
from tts.eval.grid import Attempts
from tts.values import Usage

AMOUNT = st.integers(0, 1 << 62)
USAGE = st.builds(Usage, prompt_tokens=AMOUNT, nanodollars=st.none() | AMOUNT)
WORDS = st.text(max_size=8)
ATTEMPT = st.builds(
    Attempt,
    strategy=WORDS,
    budget=WORDS,
    problem_id=WORDS,
    grade=st.builds(Grade, st.none() | st.booleans(), st.just("same")),
    answer=st.none() | WORDS,
    attributed=USAGE,
    billed=USAGE,
    stopped_by=st.sampled_from(["done", "failed"]),
    error=st.none() | WORDS,
    missing=st.dictionaries(WORDS, st.integers(1, 9), max_size=2),
    no_answer=WORDS,
    spend=st.dictionaries(st.sampled_from(["sample", "verify"]), USAGE),
    seconds=st.none() | st.floats(0, 9),
    replicate=st.integers(0, 3),
    counted=st.just(True),
)


@given(attempt=ATTEMPT)
def test_an_attempt_comes_back_as_it_was(attempt: Attempt) -> None:
    key = (attempt.strategy, attempt.budget, attempt.problem_id, attempt.replicate)
    kept = Attempts()
    kept[key] = attempt
    assert dict(kept) == {key: attempt}


def test_a_run_that_has_not_ended_has_no_attempt() -> None:
    kept = Attempts()
    assert ("s", "b", "p", 0) not in kept and len(kept) == 0
    with pytest.raises(KeyError):
        kept["s", "b", "p", 0]
