"""What guides the decoding of plans over a tool set: their JSON schema, or their grammar in GBNF."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tts.planner.checks import PlanLimits, Typed
from tts.planner.language import ITEM
from tts.protocols import Guide
from tts.tools import Schema, Tool, inlined

Guidance = Literal["none", "json", "grammar"]
"""What a server that guides its decoding is given: nothing, the JSON schema, or the grammar."""
_MOST_CALLS = 24
"""Calls that a schema or grammar spells out."""
_PATH = r"(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*"
_POLICIES = ("fail", "skip", "replan")
"""Policies that need no value."""


def plan_guide(
    tools: Mapping[str, Tool],
    guidance: Guidance,
    *,
    first: int,
    limits: PlanLimits,
) -> Guide | None:
    """What a plan, or a patch whose new calls start at `first`, has to conform to."""
    calls = min(_MOST_CALLS, limits.calls)
    if guidance == "json":
        schema = plan_schema(tools, calls=calls, first=first)
        return Guide("json", msgspec.json.encode(schema).decode())
    if guidance == "grammar":
        return Guide("grammar", plan_grammar(tools, calls=calls, first=first))
    return None


def plan_schema(
    tools: Mapping[str, Tool], *, calls: int = _MOST_CALLS, first: int = 1
) -> dict[str, Any]:
    """A schema that admits no unknown tool and no reference to a call that is not written yet.

    Calls are numbered from `first` by their place; those before `first` may be referred to. The
    type of a referred result is not part of it: that is what `check_plan` is for.
    """
    places = range(first, first + calls)
    definitions: dict[str, Any] = {}
    items = []
    for number in places:
        definitions[f"reference_{number}"] = _reference_schema(number)
        options = [_call_schema(number, tool, definitions) for tool in tools.values()]
        items.append({"anyOf": options} if len(options) != 1 else options[0])
    last = first + calls
    definitions[f"reference_{last}"] = _reference_schema(last)
    return {
        "type": "object",
        "properties": {
            "calls": {
                "type": "array",
                "prefixItems": items,
                "items": False,
                "maxItems": calls,
            },
            "answer": _value_schema({}, last),
            "join": {"const": True},
            "drop": {"type": "array", "items": {"type": "integer", "maximum": first - 1}},
        },
        "required": ["calls"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _call_schema(number: int, tool: Tool, definitions: dict[str, Any]) -> dict[str, Any]:
    root = inlined(tool.parameters)
    for name, schema in root.get("$defs", {}).items():
        definitions[f"{tool.name}_{name}_{number}"] = _with_references(schema, number, tool.name)
    arguments = {
        name: _value_schema(_with_references(schema, number, tool.name), number)
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
            "on_failure": {"enum": list(_POLICIES)},
        },
        "required": ["id", "tool", "arguments"],
        "additionalProperties": False,
    }


def _value_schema(schema: Schema, number: int) -> dict[str, Any]:
    """A constant of the schema, a reference, or a string with references in it."""
    referred = {
        "type": "object",
        "properties": {"$ref": _text_reference(number)},
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


def _with_references(schema: Any, number: int, tool: str) -> Any:
    """A tool's own schema with references allowed at every depth, its `$ref`s renamed."""
    if isinstance(schema, list):
        return [_with_references(part, number, tool) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    changed = {
        key: _with_references(part, number, tool)
        for key, part in schema.items()
        if key != "properties"
    }
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"].rpartition("/")[2]
        changed["$ref"] = f"#/$defs/{tool}_{name}_{number}"
    if isinstance(schema.get("properties"), Mapping):
        changed["properties"] = {
            name: _value_schema(_with_references(part, number, tool), number)
            for name, part in schema["properties"].items()
        }
    if isinstance(schema.get("items"), Mapping):
        changed["items"] = _value_schema(_with_references(schema["items"], number, tool), number)
    return changed


def _reference_schema(number: int) -> dict[str, Any]:
    """Any call before a number, with a path; and `item`."""
    return {"type": "string", "pattern": f"^(item|{_before(number)}){_PATH}$"}


def _text_reference(number: int) -> dict[str, Any]:
    return {"$ref": f"#/$defs/reference_{number}"}


def _before(number: int) -> str:
    return "|".join(str(earlier) for earlier in range(max(1, ITEM + 1), number)) or re.escape("0")


_COMMON = r"""
string ::= "\"" character* "\""
character ::= [^"\\\n$] | "\\" (["\\/bfnrt] | "u" hex hex hex hex) | "$$"
hex ::= [0-9a-fA-F]
integer ::= "-"? ("0" | [1-9] [0-9]*)
number ::= integer ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
boolean ::= "true" | "false"
path ::= ("." [A-Za-z_] [A-Za-z0-9_]* | "[" [0-9]+ "]")*
"""


def plan_grammar(tools: Mapping[str, Tool], *, calls: int = _MOST_CALLS, first: int = 1) -> str:
    """A grammar of compact text that admits no unknown tool, no unknown or missing argument, and
    no reference to a call that is not written yet.

    Calls are numbered from `first` by their place. Arguments stand in the order of the schema.
    """
    rules: list[str] = []
    last = first + calls
    for number in range(first, last + 1):
        rules += _value_rules(number)
    for number in range(first, last):
        options = []
        for tool in tools.values():
            name = _rule_name(f"{tool.name}-{number}")
            rules.append(f"{name} ::= {_call_rule(tool, number)}")
            options.append(name)
        ending = f"line-{number + 1}" if number + 1 < last else f"end-{last}"
        rules.append(
            f'line-{number} ::= "{number}. " each-{number}? ({" | ".join(options)}) "\\n" '
            f"({ending} | end-{number + 1})"
        )
        rules.append(f'each-{number} ::= "each " reference-{number} ": "')
    for number in range(first, last + 1):
        rules.append(f'end-{number} ::= ("answer = " value-{number} | "join()") "\\n"')
    return f"root ::= line-{first} | end-{first}\n" + "\n".join(rules) + _COMMON


def _value_rules(number: int) -> list[str]:
    earlier = " | ".join(json.dumps(str(n)) for n in range(1, number))
    names = f'"item" | {earlier}' if earlier else '"item"'
    text = f'"\\"" (character | "${{" ({names}) path "}}")* "\\""'
    value = f'string | text-{number} | number | boolean | "null" | reference-{number}'
    return [
        f'reference-{number} ::= "$" ({names}) path',
        f"text-{number} ::= {text}",
        f"value-{number} ::= {value} | list-{number} | object-{number}",
        f'list-{number} ::= "[" (value-{number} (", " value-{number})*)? "]"',
        f'object-{number} ::= "{{" (field-{number} (", " field-{number})*)? "}}"',
        f'field-{number} ::= string ": " value-{number}',
    ]


def _call_rule(tool: Tool, number: int) -> str:
    """`name(a=…, b=…)`: every required argument, and any of the others, in their order."""
    root = Typed.of(tool.parameters)
    required = [name for name in tool.arguments if name in tool.required]
    others = [name for name in tool.arguments if name not in tool.required]
    parts = [f'"{tool.name}("']
    for place, name in enumerate(required):
        separator = ", " if place else ""
        parts.append(
            f'"{separator}{name}=" {_argument_rule(root.at(tool.arguments[name]), number)}'
        )
    if required:
        for name in others:
            argument = _argument_rule(root.at(tool.arguments[name]), number)
            parts.append(f'(", {name}=" {argument})?')
    elif others:
        parts.append(_any_of_rule(others, tool, root, number))
    return " ".join([*parts, '")"'])


def _any_of_rule(names: list[str], tool: Tool, root: Typed, number: int) -> str:
    """Some of the optional arguments, where none is required."""
    options = []
    for place, name in enumerate(names):
        head = f'"{name}=" {_argument_rule(root.at(tool.arguments[name]), number)}'
        rest = "".join(
            f' (", {later}=" {_argument_rule(root.at(tool.arguments[later]), number)})?'
            for later in names[place + 1 :]
        )
        options.append(f"({head}{rest})")
    return f"({' | '.join(options)})?"


def _argument_rule(typed: Typed, number: int) -> str:
    """What may stand for an argument: constants of its type, or a reference."""
    found: list[str] = []
    for option in typed.options():
        found += _constant_rules(option, number)
    if not found:
        return f"value-{number}"
    return f"({' | '.join(dict.fromkeys([*found, f'reference-{number}']))})"


def _constant_rules(option: Typed, number: int) -> list[str]:
    values: Any = option.schema.get("enum")
    if values is None and "const" in option.schema:
        values = [option.schema["const"]]
    if values is not None:
        return [json.dumps(json.dumps(value)) for value in values]
    rules = {
        "string": [f"text-{number}"],
        "integer": ["integer"],
        "number": ["number"],
        "boolean": ["boolean"],
        "null": ['"null"'],
        "array": [f"list-{number}"],
        "object": [f"object-{number}"],
    }
    return [rule for kind in sorted(option.types()) for rule in rules.get(kind, [])]


def _rule_name(name: str) -> str:
    """A name that GBNF takes: letters, digits and dashes."""
    return "call-" + "".join(letter if letter.isalnum() else "-" for letter in name)
