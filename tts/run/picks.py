"""Local functions that choose among their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_PICKING: set[Callable[..., Any]] = set()


def picks(function: F) -> F:
    """Declare that a function's value is one of its arguments, or holds no more text than one.

    What depends on it is then foreseen to cost no more than the longest argument asks for, rather
    than the sum of them all.
    """
    _PICKING.add(function)
    return function


def is_picking(function: Callable[..., Any] | None) -> bool:
    """Whether a function was declared to pick."""
    return function in _PICKING
