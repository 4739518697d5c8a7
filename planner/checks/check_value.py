"""Whether a value may stand where a schema asks for something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts.planner.checks.schemas import Typed, compatible, is_plain, type_of, wording
from tts.planner.language import Reference

Found = Callable[[Reference], Typed]
"""The schema of what a reference finds; of a broken reference, anything."""


class IllTyped(Exception):
    """What was expected at a place inside an argument, and what stands there."""

    def __init__(self, where: str, *, expected: str, got: str, reference: bool = False) -> None:
        super().__init__(where)
        self.where, self.expected, self.got, self.reference = where, expected, got, reference


def check_value(value: Any, wanted: Typed, found: Found, where: str = "") -> None:
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


def _check(value: Any, wanted: Typed, found: Found, where: str) -> None:
    types = wanted.types()
    if isinstance(value, Reference):
        given = found(value).types()
        if not compatible(given, types):
            got = f"{value} of type {wording(given)}"
            raise IllTyped(where, expected=wording(types), got=got, reference=True)
        return
    if not _fits(value, types):
        raise IllTyped(where, expected=wording(types), got=f"{type_of(value)} {_short(value)}")
    if is_plain(value):
        _check_enumeration(value, wanted, where)
    if isinstance(value, list):
        for place, item in enumerate(value):
            check_value(item, wanted.at(wanted.schema.get("items", {})), found, f"{where}[{place}]")
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


def _check_object(value: dict[str, Any], wanted: Typed, found: Found, where: str) -> None:
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
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
