"""System calls by number, from the part of ctypes that is quick to load.

The package `ctypes` around it takes longer to import than all the sandbox's own modules, and nothing
of it is needed: arguments are whole numbers and bytes, laid out as the kernel says.
"""

from __future__ import annotations

import os
from _ctypes import (
    FUNCFLAG_CDECL,
    FUNCFLAG_USE_ERRNO,
    Array,
    CFuncPtr,
    _SimpleCData,  # pyright: ignore[reportPrivateUsage]
    addressof,
    dlopen,
    dlsym,
    get_errno,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Word = _SimpleCData[int]
else:
    Word = _SimpleCData

ORDER: Literal["little"] = "little"
"""Of bytes, on every machine that has a table here."""


class _Long(Word):
    """A whole register: an untyped number would be passed as its lower half."""

    _type_ = "l"


class _Function(CFuncPtr):
    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Long


_libc = dlopen(None, 0)  # type: ignore[arg-type]
_syscall, _prctl = _Function(dlsym(_libc, "syscall")), _Function(dlsym(_libc, "prctl"))


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """A system call by number; raises OSError. Bytes are passed by their address."""
    return _called(_syscall, (number, *arguments))


def prctl(option: int, *arguments: int | bytes) -> int:
    """A flag of this process; raises OSError."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return _called(_prctl, (option, *padded))


def packed(*fields: tuple[int, int]) -> bytes:
    """Numbers one after the other, each in so many bytes."""
    return b"".join(value.to_bytes(size, ORDER) for value, size in fields)


def held(body: bytes) -> tuple[Any, int]:
    """A copy of bytes that stays in its place for as long as the first is kept; its address."""
    kind: Any = type("Held", (Array,), {"_type_": _Character, "_length_": len(body)})
    place = kind()
    place.raw = body
    return place, addressof(place)


class _Character(Word):
    _type_ = "c"


def _called(function: Any, arguments: tuple[int | bytes | None, ...]) -> int:
    found: int = function(*(_Long(one) if isinstance(one, int) else one for one in arguments))
    if found < 0:
        code = get_errno()
        raise OSError(code, os.strerror(code))
    return found
