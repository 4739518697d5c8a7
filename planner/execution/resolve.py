"""Arguments of a plan as arguments of nodes: typed values, never text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tts.errors import CallFailed
from tts.planner.language import Condition, Reference, Text, Value, replaced
from tts.run import Node, Run

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "": lambda left, _: bool(left),
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
}


class Pick:
    """Takes the part of a result that a reference names."""

    __name__ = "pick"

    def __init__(self, reference: Reference) -> None:
        self.reference = reference

    def __call__(self, value: Any) -> Any:
        for step in self.reference.path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError) as error:
                raise CallFailed(f"{self.reference}: the result has no {step!r} there.") from error
        return value


def resolved(value: Value, nodes: Mapping[int, Node[Any]], run: Run) -> Any:
    """The value with nodes in the place of references."""

    def change(found: Reference | Text) -> Any:
        if isinstance(found, Text):
            parts = [p if isinstance(p, str) else change(p) for p in found.parts]
            return run.call(joined, parts)
        node = nodes[found.call]
        return run.call(Pick(found), node) if found.path else node

    return replaced(value, change)


def final(value: Value, results: Mapping[int, Any]) -> Any:
    """The value with results in the place of references."""

    def change(found: Reference | Text) -> Any:
        if isinstance(found, Text):
            return joined([p if isinstance(p, str) else change(p) for p in found.parts])
        return Pick(found)(results[found.call])

    return replaced(value, change)


def joined(parts: list[Any]) -> str:
    """Strings as they are, anything else as JSON; what a result says is not read again."""
    return "".join(
        part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts
    )


def holds(condition: Condition, left: Any, right: Any) -> bool:
    """Whether a condition is met; raises `CallFailed` for what cannot be compared."""
    try:
        met = bool(_SIGNS[condition.comparison](left, right))
    except TypeError as error:
        raise CallFailed(f"The condition cannot be decided: {error}.") from error
    return met != condition.negated
