"""Whether a value may stand where a schema asks for something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts.planner.checks.schemas import Typed, compatible, is_plain, type_of, wording
from tts.planner.language import Reference, Text, write_value

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
