"""JSON by the C functions that the module `json` rests on, without that module.

A sandbox process starts for one program at times, and `json` loads the regular expressions, which
takes as long as all else that it needs. An interpreter without these functions has `json`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    import _json
except ImportError:  # another interpreter than CPython
    _json = None  # type: ignore[assignment]


class _Reading:
    """What the C scanner asks for: plain values, and NaN as no value."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int

    @staticmethod
    def parse_constant(name: str) -> Any:
        raise ValueError(f"{name} is no value of JSON")


def _refused(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} is no value of JSON")


def loads(body: bytes) -> Any:
    """The value of a text in UTF-8; raises ValueError for what is none, RecursionError for one too
    deep."""
    text = body.decode()
    if _json is None:
        import json

        return json.loads(text)
    try:
        context: Any = _Reading
        value, end = _json.make_scanner(context)(text, 0)
    except StopIteration as error:
        raise ValueError("no value of JSON") from error
    if end != len(text):
        raise ValueError("more than one value of JSON")
    return value


def dumps(value: Any) -> bytes:
    """A value as a text in ASCII, without blanks."""
    if _json is None:
        import json

        return json.dumps(value, separators=(",", ":")).encode()
    encoder = _json.make_encoder(
        {}, _refused, _json.encode_basestring_ascii, None, ":", ",", False, False, True
    )
    return "".join(encoder(value, 0)).encode()
