"""Values in JSON plans: `{"$ref": "3.price"}` and `{"$text": ["at ", {"$ref": "3"}]}`."""

from __future__ import annotations

from typing import Any

from tts.planner.language.reference import Reference, read_reference
from tts.planner.language.value import Text, Value

_MARKS = ("$ref", "$text", "$literal")


class JSONFault(Exception):
    """What was expected, and what stood there."""

    def __init__(self, expected: str, got: Any) -> None:
        super().__init__(expected)
        self.expected, self.got = expected, got


def to_json(value: Value) -> Any:
    """A value as plain JSON data; objects that look like references are marked as literal."""
    if isinstance(value, Reference):
        return {"$ref": value.inside}
    if isinstance(value, Text):
        return {"$text": [to_json(part) for part in value.parts]}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        fields = {name: to_json(item) for name, item in value.items()}
        marked = len(value) == 1 and next(iter(value)) in _MARKS
        return {"$literal": fields} if marked else fields
    return value


def from_json(value: Any) -> Value:
    """The value that plain JSON data stands for; raises `JSONFault`."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    mark = next(iter(value)) if len(value) == 1 else ""
    if mark == "$ref":
        return reference(value["$ref"])
    if mark == "$text":
        return _text(value["$text"])
    inside = value["$literal"] if mark == "$literal" else value
    if not isinstance(inside, dict):
        raise JSONFault("an object under $literal", inside)
    return {name: from_json(item) for name, item in inside.items()}


def reference(text: Any) -> Reference:
    """A reference as JSON holds it; raises `JSONFault`."""
    found = read_reference(text) if isinstance(text, str) else None
    if found is None:
        raise JSONFault('a reference such as "3" or "3.items[0]"', text)
    return found


def _text(parts: Any) -> Text:
    read = [from_json(part) for part in parts] if isinstance(parts, list) else None
    if read is None or not all(isinstance(part, str | Reference) for part in read):
        raise JSONFault("strings and references under $text", parts)
    return Text(tuple(read))
