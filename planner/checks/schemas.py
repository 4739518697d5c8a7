"""JSON schemas, as far as plans are checked against them. Whatever is unknown passes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tts.planner.language import ITEM, Reference, Text
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


def is_item(value: Any) -> bool:
    return isinstance(value, Reference) and value.call == ITEM
