from __future__ import annotations

import contextlib
from math import isnan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http.decode import decode
from tts.backends.openai_http.wire import REPLY
from tts.errors import BadReply, CallError, Unavailable

ANY = msgspec.json.Decoder(dict[str, float | str])


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
