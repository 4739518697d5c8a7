"""OpenAI-style function schemas, out and in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tts.errors import BadInput, ToolFailed
from tts.tools.schemas import inlined
from tts.tools.shielded import GRACE, shielded
from tts.tools.tool import Tool, ToolContext

_NAME = re.compile(r"[A-Za-z_][\w.-]*")
Handler = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""Receives the named arguments."""


def to_openai(tool: Tool) -> dict[str, Any]:
    """The tool as an entry of `tools` in a Chat Completions request.

    Nested models stand where they are used: only recursive ones are left in `$defs`.
    """
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": inlined(tool.parameters),
        },
    }


def from_openai(schema: Mapping[str, Any], handler: Handler, **options: Any) -> Tool:
    """A tool from such an entry, or from its `function` part alone, and what carries it out.

    `options` are fields of `Tool`, `effect` above all. Raises `BadInput` for anything else.
    """
    function = schema.get("function", schema)
    if not isinstance(function, Mapping) or not _NAME.fullmatch(str(function.get("name", ""))):
        raise BadInput("A function schema needs a `name` of letters, digits, `_`, `-` and `.`.")
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    parameters = as_object(parameters)
    if not isinstance(parameters, Mapping) or parameters.get("type", "object") != "object":
        raise BadInput(f"Function {function['name']!r}: `parameters` must describe an object.")
    return Tool(
        name=function["name"],
        description=function.get("description", ""),
        parameters=parameters,
        returns=function.get("returns") or {},
        body=HandlerBody(handler, parameters),
        **options,
    )


def as_object(parameters: Any) -> Any:
    """Parameters whose top is a reference, as what it stands for; any others as they are."""
    named = isinstance(parameters, Mapping) and "$ref" in parameters
    return inlined(parameters) if named else parameters


@dataclass(frozen=True)
class HandlerBody:
    """Passes arguments on to whoever knows the tool; only their names are checked here."""

    handler: Handler
    parameters: Mapping[str, Any]

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        missing = [key for key in self.parameters.get("required", ()) if key not in arguments]
        if missing:
            raise ToolFailed(f"ill-typed arguments: {missing[0]}: missing")
        return arguments

    async def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        return await shielded(_called(self.handler, self.check(arguments)), grace=GRACE)


async def _called(handler: Handler, arguments: Mapping[str, Any]) -> Any:
    return await handler(arguments)
