"""What the worker process gives up before it reads a model's text."""

from __future__ import annotations

import resource
import sys
from typing import Any

from sympy.polys import monomials

MEMORY_BYTES = 256 * 2**20
_REFUSED = ("compile", "subprocess.", "socket.", "os.system", "os.exec", "os.fork", "os.posix")
_WRITING = frozenset("wax+")


class Refused(RuntimeError):
    """The worker tried to evaluate code, start a program, use a network or write a file."""


def confine() -> None:
    """Cap the memory and refuse code, programs, sockets and writing; not to be undone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "compile" and sys._getframe(1).f_code.co_filename == monomials.__file__:
        return  # sympy writes its polynomial loops as code: made of counts, never of input
    if event.startswith(_REFUSED) or (event == "open" and _writes(arguments)):
        raise Refused(event)


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode = arguments[1]
    return isinstance(mode, str) and not _WRITING.isdisjoint(mode)
