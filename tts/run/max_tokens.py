"""The most tokens of text that a node may bring to what depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def _held(args: Iterable[Any]) -> list[int]:
    held: list[int] = []
    for arg in args:
        if isinstance(arg, Node):
            held.append(sum(_held((arg.value,))) if arg.settled else arg.max_text_tokens)
        elif isinstance(arg, Candidate):
            held.append(arg.completion_tokens)
        elif isinstance(arg, Scored):
            held.append(arg.candidate.completion_tokens)
        elif type(arg) in (list, tuple):
            held += _held(arg)
        elif type(arg) is dict:
            held += _held(arg.values())
    return held


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
