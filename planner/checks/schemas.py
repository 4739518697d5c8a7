"""JSON schemas, as far as plans are checked against them, and what may stand where one asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from tts.planner.language import Reference, Text, nearest, write_value
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


_NUMBERS, _TEXTS = frozenset(("number", "integer")), frozenset(("string", "null"))
SchemaLookup = Callable[[Reference], Typed]
"""The schema of what a reference finds; of a broken reference, anything."""


class IllTyped(Exception):
    """What was expected at a place inside an argument, and what stands there."""

    def __init__(self, where: str, *, expected: str, got: str, reference: bool = False) -> None:
        super().__init__(where)
        self.where, self.expected, self.got, self.reference = where, expected, got, reference


def check_value(value: Any, wanted: Typed, found: SchemaLookup, where: str = "") -> None:
    """Raises `IllTyped` where no alternative of the schema fits."""
    complaints: list[IllTyped] = []
    for option in wanted.options():
        try:
            _check(value, option, found, where)
            return
        except IllTyped as complaint:
            complaints.append(complaint)
    deepest = max(complaints, key=lambda complaint: len(complaint.where))
    if deepest.where == where and len(complaints) > 1:
        raise IllTyped(
            where,
            expected=wording(wanted.types()),
            got=deepest.got,
            reference=deepest.reference,
        )
    raise deepest


def fitted(value: Any, wanted: Typed, found: SchemaLookup) -> Any:
    """A checked value as a tool takes it; see `Checker.fitted`."""
    if isinstance(value, Reference):
        return Text((value,)) if _as_text(found(value).types(), wanted) else value
    if (alone := _alone(value)) is not None:
        return value if "string" in (wanted.types() or ("string",)) else alone
    if isinstance(value, list):
        items = [o.at(o.schema["items"]) for o in wanted.options() if "items" in o.schema]
        return [fitted(item, items[0], found) for item in value] if items else value
    if isinstance(value, dict):
        parts = [o for o in wanted.options() if "properties" in o.schema]
        named = (
            {n: parts[0].at(p) for n, p in parts[0].schema["properties"].items()} if parts else {}
        )
        return {n: fitted(v, named[n], found) if n in named else v for n, v in value.items()}
    return value


def _as_text(given: frozenset[str], wanted: Typed) -> bool:
    """Whether a number is given where only text is wanted, and not one of a few texts."""
    numbers = bool(given) and given <= _NUMBERS
    listed = any("enum" in o.schema or "const" in o.schema for o in wanted.options())
    return numbers and "string" in wanted.types() and wanted.types() <= _TEXTS and not listed


def _alone(value: Any) -> Reference | None:
    """The reference that is all of a text."""
    only = value.parts[0] if isinstance(value, Text) and len(value.parts) == 1 else None
    return only if isinstance(only, Reference) else None


def _check(value: Any, wanted: Typed, found: SchemaLookup, where: str) -> None:
    types = wanted.types()
    alone = None if "string" in types or not types else _alone(value)
    if isinstance(value, Reference) or alone is not None:
        given = found(alone or value).types()
        if not compatible(given, types) and not _as_text(given, wanted):
            got = f"{alone or value} of type {wording(given)}"
            raise IllTyped(where, expected=wording(types), got=got, reference=True)
        return
    if not _fits(value, types):
        raise IllTyped(where, expected=wording(types), got=f"{type_of(value)} {_short(value)}")
    if is_plain(value):
        _check_enumeration(value, wanted, where)
    if isinstance(value, list):
        items = wanted.at(wanted.schema.get("items", {}))
        for place, item in enumerate(value):
            check_value(item, items, found, f"{where}[{place}]")
    if isinstance(value, dict):
        _check_object(value, wanted, found, where)


def _fits(value: Any, types: frozenset[str]) -> bool:
    kind = type_of(value)
    if compatible(frozenset((kind,)), types) and not (kind == "number" and types == {"integer"}):
        return True
    if kind == "number":
        return "integer" in types and float(value).is_integer()
    return kind == "string" and isinstance(value, str) and _number_in(value, types)


def _number_in(text: str, types: frozenset[str]) -> bool:
    """Whether a quoted number stands for a wanted one, as pydantic reads it."""
    try:
        number = float(text)
    except ValueError:
        return text.lower() in ("true", "false") and "boolean" in types
    return "number" in types or ("integer" in types and number.is_integer())


def _check_enumeration(value: Any, wanted: Typed, where: str) -> None:
    allowed = wanted.schema.get("enum")
    if allowed is None and "const" in wanted.schema:
        allowed = [wanted.schema["const"]]
    if allowed is not None and value not in allowed:
        expected = f"one of {', '.join(map(repr, allowed))}"
        raise IllTyped(where, expected=expected, got=_short(value))


def _check_object(value: dict[str, Any], wanted: Typed, found: SchemaLookup, where: str) -> None:
    properties = wanted.schema.get("properties")
    if properties is None:
        return
    for name in wanted.schema.get("required", ()):
        if name not in value:
            raise IllTyped(f"{where}.{name}", expected="a value", got="nothing")
    for name, item in value.items():
        if name in properties:
            check_value(item, wanted.at(properties[name]), found, f"{where}.{name}")
        elif wanted.schema.get("additionalProperties") is False:
            expected = f"one of {', '.join(properties)}"
            raise IllTyped(f"{where}.{name}", expected=expected, got=name)


def _short(value: Any) -> str:
    text = write_value(value) if isinstance(value, Text) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
