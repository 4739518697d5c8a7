from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.verifiers.sandbox.inside.plain_json import dumps, loads

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_is_written_and_read_as_json_does(value: object) -> None:
    assert dumps(value) == json.dumps(value, separators=(",", ":")).encode()
    assert loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize("body", [b"", b"[1", b"[1]2", b"nul", b"NaN", b"\xff", b'"\n"', b"[1,]"])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        loads(body)


def test_nesting_without_end_is_a_recursion_error() -> None:
    with pytest.raises(RecursionError):
        loads(b"[" * 100_000)
