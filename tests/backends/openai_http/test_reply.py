from __future__ import annotations

import contextlib
from math import isfinite, isnan, nan
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http.reply import (
    FLOOR,
    REPLY,
    TokenEntry,
    TopLogprob,
    WireLogprobs,
    decode,
    finish_reason,
    token_logprobs,
    with_stop,
)
from tts.errors import BadReply, CallError, Unavailable

ANY = msgspec.json.Decoder(dict[str, float | str])
NUMBER = st.none() | st.floats()
ENTRIES = st.builds(
    TokenEntry,
    token=st.text(max_size=3),
    logprob=NUMBER,
    top_logprobs=st.none()
    | st.lists(st.builds(TopLogprob, token=st.text(max_size=3), logprob=NUMBER), max_size=3),
)


def test_numbers_that_are_none_are_read() -> None:
    assert isnan(decode(ANY, b'{"a": NaN}')["a"])  # type: ignore[arg-type]
    assert decode(ANY, b'{"a": -Infinity}') == {"a": float("-inf")}


@pytest.mark.parametrize("broken", [b'{"a": "\xff"}', b'{"a": "\\ud800"}'])
def test_broken_characters_become_the_replacement(broken: bytes) -> None:
    assert decode(ANY, broken) == {"a": "\ufffd"}


def test_a_byte_order_mark_and_nul_are_harmless() -> None:
    assert decode(ANY, b'\xef\xbb\xbf{"a": "x\\u0000"}') == {"a": "x\0"}


@pytest.mark.parametrize("cut", [b"", b'{"a": 1', b'{"a": "tex'])
def test_a_truncated_body_may_have_been_billed_and_can_be_retried(cut: bytes) -> None:
    with pytest.raises(Unavailable):
        decode(ANY, cut)


@pytest.mark.parametrize("body", [b"<html>", b'{"a": []}', b"[" * 100_000 + b"]" * 100_000])
def test_another_shape_is_a_bad_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        decode(ANY, body)


@given(st.binary(max_size=60))
def test_no_bytes_escape_as_another_error(body: bytes) -> None:
    with contextlib.suppress(CallError):
        decode(REPLY, body)


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("function_call", "tool_calls"),
        ("max_tokens", "length"),
        ("SAFETY", "content_filter"),
        ("refusal", "refusal"),
        ("something new", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
        (["stop"], "unknown"),
        ("abort", None),
        ("error", None),
    ],
)
def test_a_servers_word_for_an_end_is_read_and_an_unknown_one_is_unknown(
    reported: Any, reason: str | None
) -> None:
    assert finish_reason(reported) == reason


@pytest.mark.parametrize(
    ("text", "matched", "result"),
    [
        ("a\n\n", "\n\n", ("a\n\n", "\n\n")),
        ("a", "\n\n", ("a\n\n", "\n\n")),
        ("a\n\n", None, ("a\n\n", "\n\n")),
        ("a", None, ("a", None)),
        ("a", 151645, ("a", None)),
    ],
)
def test_the_stop_string_is_kept_restored_or_unknown(
    text: str, matched: str | int | None, result: tuple[str, str | None]
) -> None:
    assert with_stop(text, ("\n\n", "END"), matched, "stop") == result


def test_a_truncated_text_has_no_stop() -> None:
    assert with_stop("a\n\n", ("\n\n",), None, "length") == ("a\n\n", None)


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
