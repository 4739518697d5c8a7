"""JSON schemas, as far as plans are checked against them. Whatever is unknown passes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tts.planner.language import Reference, Text, nearest
from tts.tools import Schema, target

_JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    tuple: "array",
    dict: "object",
    type(None): "null",
    Text: "string",
}
_WIDER = {"integer": ("integer", "number"), "number": ("number", "integer")}


class Typed:
    """A schema with the document that its `$ref`s point into; what it means is worked out once."""

    def __init__(self, schema: Schema, root: Schema) -> None:
        self.schema, self.root = schema, root

    @classmethod
    def of(cls, schema: Schema) -> Typed:
        return cls(schema, schema)

    def at(self, schema: Any) -> Typed:
        """A part of the same document."""
        return Typed(schema if isinstance(schema, Mapping) else {}, self.root)

    def options(self) -> list[Typed]:
        """The schema without `$ref` and alternatives, one entry per alternative."""
        return self._options

    def types(self) -> frozenset[str]:
        """The JSON types that a value may have; empty: any."""
        return self._types

    @cached_property
    def _options(self) -> list[Typed]:
        return self._unfolded(frozenset())

    def _unfolded(self, above: frozenset[str]) -> list[Typed]:
        """`above`: names that this schema is reached by; one that is only itself is anything."""
        if "$ref" in self.schema:
            name = str(self.schema["$ref"])
            found = target(name, self.root)
            known = found is not None and name not in above
            return self.at(found)._unfolded(above | {name}) if known else [self.at({})]
        parts = self.schema.get("anyOf") or self.schema.get("oneOf")
        if parts:
            return [option for part in parts for option in self.at(part)._unfolded(above)]
        merged = self.schema.get("allOf")
        return self.at(merged[0])._unfolded(above) if merged and len(merged) == 1 else [self]

    @cached_property
    def _types(self) -> frozenset[str]:
        found: set[str] = set()
        for option in self.options():
            kinds = option.schema.get("type")
            if kinds is None and "properties" in option.schema:
                kinds = "object"
            if kinds is None:
                values = [*option.schema.get("enum", ())]
                values += [option.schema["const"]] if "const" in option.schema else []
                kinds = [type_of(value) for value in values]
            if not kinds:
                return frozenset()
            found.update([kinds] if isinstance(kinds, str) else kinds)
        return frozenset(found)


def type_of(value: Any) -> str:
    """The JSON type of a plain value."""
    return _JSON_TYPES.get(type(value), "")


def compatible(given: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether a value of one of the types may be what is wanted; numbers pass for each other."""
    if not given or not wanted:
        return True
    return any(wide in wanted for kind in given for wide in _WIDER.get(kind, (kind,)))


def wording(types: frozenset[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def is_plain(value: Any) -> bool:
    return not isinstance(value, Reference | Text)


class NoField(Exception):
    """The producer's output schema has no such place."""

    def __init__(self, message: str, *, expected: str, got: str, nearest: str = "") -> None:
        super().__init__(message)
        self.expected, self.got, self.nearest = expected, got, nearest


def field_of(result: Typed, reference: Reference) -> Typed:
    """The schema of what a reference finds; raises `NoField`.

    A field that only some alternatives of the result have is taken to be there.
    """
    found = result
    for step in reference.path:
        places = [place for option in found.options() if (place := _step(option, step)) is not None]
        if not places:
            raise _complaint(found, step, reference)
        found = next((place for place in places if place.schema), places[0])
        if len(places) > 1:
            found = Typed({"anyOf": [place.schema for place in places]}, found.root)
    return found


def _step(option: Typed, step: str | int) -> Typed | None:
    types = option.types()
    if isinstance(step, int):
        if types and "array" not in types:
            return None
        return option.at(option.schema.get("items", {}))
    if types and "object" not in types:
        return None
    properties = option.schema.get("properties")
    if properties is None:
        return option.at(option.schema.get("additionalProperties", {}))
    if step in properties:
        return option.at(properties[step])
    extra = option.schema.get("additionalProperties", False)
    return option.at(extra) if isinstance(extra, dict) else None


def _complaint(found: Typed, step: str | int, reference: Reference) -> NoField:
    names = [n for option in found.options() for n in option.schema.get("properties", {})]
    types = found.types()
    if isinstance(step, str) and "array" in types and not names:
        return NoField(
            f"{reference} asks a list for the field {step!r}",
            expected="a position such as [0], or each",
            got=f".{step}",
        )
    expected = f"one of {', '.join(names)}" if names else f"a step into {wording(types)}"
    near = nearest(str(step), names)
    return NoField(
        f"{reference} is not part of the result", expected=expected, got=str(step), nearest=near
    )
