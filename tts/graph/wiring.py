"""Nodes inside arguments: where they stand, and their values in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def nodes_in(args: Iterable[Any]) -> Iterator[Any]:
    """The nodes among arguments, inside lists, tuples and dicts as well, in order."""
    for arg in args:
        if is_node(arg):
            yield arg
        elif type(arg) in (list, tuple):
            yield from nodes_in(arg)
        elif type(arg) is dict:
            yield from nodes_in(arg.values())


def substituted(arg: Any, value: Callable[[Any], Any]) -> Any:
    """An argument with its nodes replaced by `value(node)`; typed values, never text."""
    if is_node(arg):
        return value(arg)
    if type(arg) in (list, tuple) and any(True for _ in nodes_in(arg)):
        return type(arg)(substituted(item, value) for item in arg)
    if type(arg) is dict and any(True for _ in nodes_in(arg.values())):
        return {name: substituted(item, value) for name, item in arg.items()}
    return arg


def is_node(arg: Any) -> bool:
    """Whether an argument is a node (told by its listeners)."""
    return hasattr(type(arg), "resolved_args")
