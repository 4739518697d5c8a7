"""Arguments: JSON with references in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tts.planner.language.reference import Reference

Value = Any
"""JSON data, in which a `Reference` or a `Text` may stand anywhere."""


class Text(Struct, frozen=True):
    """A string with results inserted: their text where they are strings, else their JSON."""

    parts: tuple[str | Reference, ...]


def references(value: Value) -> list[Reference]:
    """Every reference in a value, in order."""
    found: list[Reference] = []
    _collect(value, found)
    return found


def _collect(value: Value, found: list[Reference]) -> None:
    if isinstance(value, Reference):
        found.append(value)
    elif isinstance(value, Text):
        found += [part for part in value.parts if isinstance(part, Reference)]
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, found)


def replaced(value: Value, change: Callable[[Reference | Text], Any]) -> Any:
    """The value with every reference and text replaced; what stands in their place is final."""
    if isinstance(value, Reference | Text):
        return change(value)
    if isinstance(value, list | tuple):
        return [replaced(item, change) for item in value]
    if isinstance(value, dict):
        return {name: replaced(item, change) for name, item in value.items()}
    return value


def redirected(value: Value, target: Callable[[Reference], Reference]) -> Value:
    """The value with every reference pointed elsewhere."""

    def change(found: Reference | Text) -> Reference | Text:
        if isinstance(found, Reference):
            return target(found)
        return Text(tuple(target(p) if isinstance(p, Reference) else p for p in found.parts))

    return replaced(value, change)


def constant(value: Value) -> bool:
    """Whether a value is known before anything runs."""
    return not references(value)
