"""JSON as servers really send it."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from tts.errors import BadReply, Unavailable

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The typed value of a body.

    What strict JSON refuses (NaN and infinities, invalid UTF-8, lone surrogates, a byte order
    mark) is read by the lenient decoder, broken characters becoming U+FFFD. Raises `Unavailable`
    for a body that ends early and `BadReply` for one that is not the expected JSON.
    """
    try:
        return decoder.decode(body)
    except RecursionError:
        raise BadReply("The reply is nested too deeply.") from None
    except ValueError as error:
        strict = error
    try:
        loaded = json.loads(body.decode("utf-8", "replace").lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise _unreadable(strict, body) from None
    try:
        return msgspec.convert(_clean(loaded), decoder.type, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadReply(f"The reply has an unexpected shape: {error}") from None


def _unreadable(error: ValueError, body: bytes) -> BadReply | Unavailable:
    if "truncated" in str(error):
        return Unavailable(f"The reply ends early, after {len(body)} bytes.")
    return BadReply(f"The reply is not JSON: {body[:80].decode('utf-8', 'replace')!r}")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
