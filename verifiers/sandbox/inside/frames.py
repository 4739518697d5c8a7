"""Length-prefixed frames over a file descriptor, and plain values as JSON.

Nothing but plain values crosses from a candidate to whoever judges it: an object that lies about
being equal arrives as the list or number that it is, else as something equal to nothing. A subclass
is sent as its base.
"""

from __future__ import annotations

import os

from tts.verifiers.sandbox.inside.plain_json import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 8 * 1024 * 1024
"""Bytes of one frame; a longer one is refused unread."""
HEAD = 4


class BadFrame(ValueError):
    """What came is no frame, or no plain value."""


class Opaque:
    """Where a candidate returned what is no plain value: true or false, and equal to nothing."""

    def __init__(self, kind: str, true: bool) -> None:
        self.kind, self.true = kind, true

    def __bool__(self) -> bool:
        return self.true

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def read_exactly(fd: int, size: int) -> bytes:
    """That many bytes; fewer where the other side has gone."""
    parts = []
    while size:
        part = os.read(fd, min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_frame(fd: int) -> bytes | None:
    """The next frame; None where the other side has gone."""
    head = read_exactly(fd, HEAD)
    if len(head) < HEAD:
        return None
    size = int.from_bytes(head, "big")
    if size > LONGEST:
        raise BadFrame(f"a frame of {size} bytes")
    body = read_exactly(fd, size)
    return body if len(body) == size else None


def framed(body: bytes) -> bytes:
    """A frame on the wire."""
    return len(body).to_bytes(HEAD, "big") + body


def write_frame(fd: int, body: bytes) -> None:
    """Send a frame whole."""
    left = memoryview(framed(body))
    while left:
        left = left[os.write(fd, left) :]


def encoded(value: Any) -> bytes:
    """A value as bytes; raises `BadFrame` for one too large, RecursionError for one too deep."""
    body = dumps(_plain(value))
    if len(body) > LONGEST:
        raise BadFrame(f"a value of {len(body)} bytes")
    return body


def decoded(body: bytes) -> Any:
    """The value of `encoded` bytes; raises `BadFrame` for all others."""
    try:
        return _value(loads(body))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def _plain(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return ["s", str(value)]
    if isinstance(value, bytes | bytearray):
        return ["b", bytes(value).hex()]
    if isinstance(value, int):
        return ["i", hex(value)]
    if isinstance(value, float):
        return ["f", float.hex(value)]
    if isinstance(value, complex):
        return ["c", float.hex(value.real), float.hex(value.imag)]
    if isinstance(value, dict):
        return ["d", *([_plain(key), _plain(one)] for key, one in value.items())]
    for name, kind in _MANY.items():
        if isinstance(value, kind):
            return [name, *map(_plain, value)]
    return ["o", type(value).__name__, bool(value)]


_MANY: dict[str, type[Any]] = {"l": list, "t": tuple, "S": set, "F": frozenset}


def _value(read: Any) -> Any:
    if read is None or isinstance(read, bool):
        return read
    kind, *parts = read
    match kind:
        case "s" if isinstance(parts[0], str):
            return parts[0]
        case "b":
            return bytes.fromhex(parts[0])
        case "i":
            return int(parts[0], 16)
        case "f":
            return float.fromhex(parts[0])
        case "c":
            return complex(float.fromhex(parts[0]), float.fromhex(parts[1]))
        case "d":
            return {_value(key): _value(one) for key, one in parts}
        case "o":
            return Opaque(str(parts[0]), bool(parts[1]))
    return _MANY[kind](map(_value, parts))
