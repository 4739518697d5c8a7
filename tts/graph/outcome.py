"""A call's end, good or bad, as a value."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Outcome(Generic[T]):
    """What a parameter annotated `Outcome[T]` receives: a value, or the error instead of it."""

    __slots__ = ("error", "value")

    def __init__(self, value: T | None = None, error: Exception | None = None) -> None:
        self.value = value
        self.error = error

    @property
    def ok(self) -> bool:
        return self.error is None


def outcome_parameters(function: Callable[..., Any]) -> frozenset[int]:
    """Positions of the parameters that take an `Outcome`, so that a failed input reaches them.

    `Outcome[T]` may stand inside `list[…]` or `dict[…]`. A wrapper takes what it wraps takes.
    """
    function = getattr(function, "__wrapped__", function)
    try:
        return _outcome_parameters(function)
    except TypeError:
        return _outcome_parameters.__wrapped__(function)


@lru_cache(maxsize=4096)
def _outcome_parameters(function: Callable[..., Any]) -> frozenset[int]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    texts = (str(parameter.annotation) for parameter in parameters)
    return frozenset(i for i, text in enumerate(texts) if "Outcome[" in text)
