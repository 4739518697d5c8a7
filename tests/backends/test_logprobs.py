from __future__ import annotations

from math import isfinite, nan

from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http.logprobs import FLOOR, token_logprobs
from tts.backends.openai_http.wire import TokenEntry, TopLogprob, WireLogprobs

ANY = st.none() | st.floats()
ENTRIES = st.builds(
    TokenEntry,
    token=st.text(max_size=3),
    logprob=ANY,
    top_logprobs=st.none()
    | st.lists(st.builds(TopLogprob, token=st.text(max_size=3), logprob=ANY), max_size=3),
)


@given(st.lists(ENTRIES, max_size=6))
def test_no_value_is_ever_without_a_number(entries: list[TokenEntry]) -> None:
    tokens = token_logprobs(WireLogprobs(content=entries))
    values = [token.logprob for token in tokens]
    values += [value for token in tokens for _, value in token.top]
    assert all(isfinite(value) and FLOOR <= value <= 0 for value in values)


def test_minus_infinity_becomes_the_floor() -> None:
    wire = WireLogprobs(content=[TokenEntry("a", -1.0), TokenEntry("b", float("-inf"))])
    assert [token.logprob for token in token_logprobs(wire)] == [-1.0, FLOOR]


def test_a_gap_makes_the_whole_sequence_unknown() -> None:
    wire = WireLogprobs(content=[TokenEntry("a", -1.0), TokenEntry("b", nan)])
    assert token_logprobs(wire) == ()


def test_the_lists_of_a_completion_reply_are_read() -> None:
    wire = WireLogprobs(
        tokens=["a", "b"],
        token_logprobs=[-1.0, -2.0],
        top_logprobs=[{"a": -1.0, "c": -3.0, "d": nan}, None],
    )
    first, second = token_logprobs(wire)
    assert first.top == (("a", -1.0), ("c", -3.0))
    assert (second.token, second.logprob) == ("b", -2.0)


def test_the_first_token_of_an_echoed_prompt_may_have_none() -> None:
    wire = WireLogprobs(tokens=["a", "b"], token_logprobs=[None, -2.0])
    assert [token.token for token in token_logprobs(wire)] == ["b"]
