"""The most tokens of text that a node may bring to what depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tts.run.node import Node
from tts.values import Candidate, Problem, Scored


def max_text_tokens(node: Node[Any]) -> int:
    """The most tokens of text that the value of a submitted node may hold; 0 for a verdict."""
    if is_picking(node.function):
        return max(_held(node.args), default=0)
    if node.operation is None:
        return text_before(node)
    added = node.operation.max_new_tokens(node.args)
    return text_before(node) + added if added else 0


def text_before(node: Node[Any]) -> int:
    """The most tokens of text that the inputs of a call may hold."""
    if not node.inputs and type(node.args[0] if node.args else None) is Problem:
        return 0
    return sum(_held(node.args))


def _held(args: Iterable[Any]) -> Iterator[int]:
    for arg in args:
        if isinstance(arg, Node):
            yield arg.max_text_tokens if not arg.settled else sum(_held((arg.value,)))
        elif isinstance(arg, Candidate):
            yield arg.completion_tokens
        elif isinstance(arg, Scored):
            yield arg.candidate.completion_tokens
        elif type(arg) in (list, tuple):
            yield from _held(arg)
        elif type(arg) is dict:
            yield from _held(arg.values())


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
