"""The JSON schema of plans over a tool set, for guided decoding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tts.planner.language.plan import ITEM
from tts.tools import Schema, Tool, inlined

_PATH = r"(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*"
_OTHERS = ("fail", "skip", "replan")


def plan_schema(tools: Mapping[str, Tool], *, calls: int = 24, first: int = 1) -> dict[str, Any]:
    """A schema that admits no unknown tool and no reference to a call that is not written yet.

    Calls are numbered from `first` by their place; those before `first` may be referred to. The
    type of a referred result is not part of it: that is what `check_plan` is for.
    """
    places = range(first, first + calls)
    definitions: dict[str, Any] = {}
    items = []
    for number in places:
        definitions[f"reference_{number}"] = _reference(number)
        options = [_call(number, tool, definitions) for tool in tools.values()]
        items.append({"anyOf": options} if len(options) != 1 else options[0])
    last = first + calls
    definitions[f"reference_{last}"] = _reference(last)
    return {
        "type": "object",
        "properties": {
            "calls": {
                "type": "array",
                "prefixItems": items,
                "items": False,
                "maxItems": calls,
            },
            "answer": _value({}, last),
            "join": {"const": True},
            "drop": {"type": "array", "items": {"type": "integer", "maximum": first - 1}},
        },
        "required": ["calls"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _call(number: int, tool: Tool, definitions: dict[str, Any]) -> dict[str, Any]:
    root = inlined(tool.parameters)
    for name, schema in root.get("$defs", {}).items():
        definitions[f"{tool.name}_{name}_{number}"] = _inside(schema, number, tool.name)
    arguments = {
        name: _value(_inside(schema, number, tool.name), number)
        for name, schema in root.get("properties", {}).items()
    }
    text = _text_reference(number)
    return {
        "type": "object",
        "properties": {
            "id": {"const": number},
            "tool": {"const": tool.name},
            "arguments": {
                "type": "object",
                "properties": arguments,
                "required": list(tool.required),
                "additionalProperties": False,
            },
            "each": text,
            "after": {"type": "array", "items": {"type": "integer", "maximum": number - 1}},
            "on_failure": {"enum": list(_OTHERS)},
        },
        "required": ["id", "tool", "arguments"],
        "additionalProperties": False,
    }


def _value(schema: Schema, number: int) -> dict[str, Any]:
    """A constant of the schema, a reference, or a string with references in it."""
    mark = {"$ref": f"#/$defs/reference_{number}"}
    referred = {
        "type": "object",
        "properties": {"$ref": mark},
        "required": ["$ref"],
        "additionalProperties": False,
    }
    text = {
        "type": "object",
        "properties": {
            "$text": {"type": "array", "items": {"anyOf": [{"type": "string"}, referred]}}
        },
        "required": ["$text"],
        "additionalProperties": False,
    }
    return {"anyOf": [dict(schema), referred, text]}


def _inside(schema: Any, number: int, tool: str) -> Any:
    """A tool's own schema with references allowed at every depth, its `$ref`s renamed."""
    if isinstance(schema, list):
        return [_inside(part, number, tool) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    changed = {
        key: _inside(part, number, tool) for key, part in schema.items() if key != "properties"
    }
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"].rpartition("/")[2]
        changed["$ref"] = f"#/$defs/{tool}_{name}_{number}"
    if isinstance(schema.get("properties"), Mapping):
        changed["properties"] = {
            name: _value(_inside(part, number, tool), number)
            for name, part in schema["properties"].items()
        }
    if isinstance(schema.get("items"), Mapping):
        changed["items"] = _value(_inside(schema["items"], number, tool), number)
    return changed


def _reference(number: int) -> dict[str, Any]:
    """Any call before a number, with a path; and `item`."""
    return {"type": "string", "pattern": f"^(item|{_before(number)}){_PATH}$"}


def _text_reference(number: int) -> dict[str, Any]:
    return {"$ref": f"#/$defs/reference_{number}"}


def _before(number: int) -> str:
    return "|".join(str(earlier) for earlier in range(max(1, ITEM + 1), number)) or re.escape("0")
