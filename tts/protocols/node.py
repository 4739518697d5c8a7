"""What strategies and verifiers see of a node and of a run."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Awaitable(Protocol[T_co]):
    """A node: awaiting it gives its value, passing it to a call makes an edge."""

    def __await__(self) -> Generator[Any, Any, T_co]: ...


class Verbs(Protocol):
    """The part of a Run that verifiers use."""

    def call(self, function: Callable[..., Any] | Any, *args: Any) -> Any:
        """A node that runs a function or an operation once its arguments are there."""
        ...
