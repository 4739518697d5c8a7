from __future__ import annotations

from tts.verifiers.code import FIRST_LIMITS, told
from tts.verifiers.sandbox import DEFAULT_LIMITS, Limits


def test_a_limit_that_is_as_usual_is_no_part_of_a_key_unless_it_always_was() -> None:
    assert told(DEFAULT_LIMITS) == {}
    assert told(Limits(call_seconds=0.5)) == {"call_seconds": 0.5}
    assert tuple(told(DEFAULT_LIMITS, FIRST_LIMITS)) == FIRST_LIMITS
