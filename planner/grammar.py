"""The grammar of plans over a tool set, in GBNF, for guided decoding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tts.planner.checks import Typed
from tts.tools import Tool

_COMMON = r"""
string ::= "\"" character* "\""
character ::= [^"\\\n$] | "\\" (["\\/bfnrt] | "u" hex hex hex hex) | "$$"
hex ::= [0-9a-fA-F]
integer ::= "-"? ("0" | [1-9] [0-9]*)
number ::= integer ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
boolean ::= "true" | "false"
path ::= ("." [A-Za-z_] [A-Za-z0-9_]* | "[" [0-9]+ "]")*
"""


def plan_grammar(tools: Mapping[str, Tool], *, calls: int = 24, first: int = 1) -> str:
    """A grammar of compact text that admits no unknown tool, no unknown or missing argument, and
    no reference to a call that is not written yet.

    Calls are numbered from `first` by their place. Arguments stand in the order of the schema.
    """
    rules: list[str] = []
    last = first + calls
    for number in range(first, last + 1):
        rules += _values(number)
    for number in range(first, last):
        options = []
        for tool in tools.values():
            name = _rule(f"{tool.name}-{number}")
            rules.append(f"{name} ::= {_call(tool, number)}")
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


def _values(number: int) -> list[str]:
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


def _call(tool: Tool, number: int) -> str:
    """`name(a=…, b=…)`: every required argument, and any of the others, in their order."""
    root = Typed.of(tool.parameters)
    required = [name for name in tool.arguments if name in tool.required]
    others = [name for name in tool.arguments if name not in tool.required]
    parts = [f'"{tool.name}("']
    for place, name in enumerate(required):
        separator = ", " if place else ""
        parts.append(f'"{separator}{name}=" {_argument(root.at(tool.arguments[name]), number)}')
    if required:
        for name in others:
            argument = _argument(root.at(tool.arguments[name]), number)
            parts.append(f'(", {name}=" {argument})?')
    elif others:
        parts.append(_any_of(others, tool, root, number))
    return " ".join([*parts, '")"'])


def _any_of(names: list[str], tool: Tool, root: Typed, number: int) -> str:
    """Some of the optional arguments, where none is required."""
    options = []
    for place, name in enumerate(names):
        head = f'"{name}=" {_argument(root.at(tool.arguments[name]), number)}'
        rest = "".join(
            f' (", {later}=" {_argument(root.at(tool.arguments[later]), number)})?'
            for later in names[place + 1 :]
        )
        options.append(f"({head}{rest})")
    return f"({' | '.join(options)})?"


def _argument(typed: Typed, number: int) -> str:
    """What may stand for an argument: constants of its type, or a reference."""
    found: list[str] = []
    for option in typed.options():
        found += _constants(option, number)
    if not found:
        return f"value-{number}"
    return f"({' | '.join(dict.fromkeys([*found, f'reference-{number}']))})"


def _constants(option: Typed, number: int) -> list[str]:
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


def _rule(name: str) -> str:
    """A name that GBNF takes: letters, digits and dashes."""
    return "call-" + "".join(letter if letter.isalnum() else "-" for letter in name)
