"""`@tts.tool`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from tts.errors import UsageError
from tts.protocols import Effect
from tts.tools.docstring import read_docstring
from tts.tools.function_body import FunctionBody
from tts.tools.signature import read_signature
from tts.tools.tool import Tool


@overload
def tool(function: Callable[..., Any], /, **options: Any) -> Tool: ...


@overload
def tool(
    *,
    effect: Effect = "irreversible",
    name: str = "",
    description: str = "",
    timeout: float | None = None,
    retries: int = 0,
    hedge: float | str | None = None,
    cap: int | None = None,
    cache: bool = True,
    cost: float | None = 0.0,
    seconds: float | None = None,
    version: str = "1",
    pool: str = "",
    batch: str = "",
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a typed function, sync or async, a tool.

    Name, description and schemas come from its signature and docstring; a parameter annotated
    `ToolContext` is kept out of them. Options are the fields of `Tool`. Without `effect` a call is
    taken for irreversible: it waits for the whole plan and is never repeated.
    """
    if function is None:
        return lambda decorated: make_tool(decorated, **options)
    return make_tool(function, **options)


def make_tool(
    function: Callable[..., Any], *, name: str = "", description: str = "", **options: Any
) -> Tool:
    """The tool that a function becomes; raises `UsageError` for one that no schema describes."""
    if not callable(function):
        raise UsageError(f"{function!r} is not a function.")
    docs = read_docstring(function)
    signature = read_signature(function, docs)
    chosen = name or function.__name__
    if not chosen.isidentifier():
        raise UsageError(f"A tool's name must be a Python name, not {chosen!r}.")
    return Tool(
        name=chosen,
        description=description or docs.description,
        parameters=_tidy(signature.arguments.model_json_schema()),
        returns=_tidy(signature.result.json_schema(mode="serialization")),
        body=FunctionBody(function, signature),
        function=function,
        **options,
    )


def _tidy(schema: Any) -> Any:
    """A schema without the titles that pydantic derives from names."""
    if isinstance(schema, dict):
        return {
            key: {name: _tidy(value) for name, value in part.items()}
            if key in ("properties", "$defs")
            else part
            if key in ("default", "const", "enum", "examples")
            else _tidy(part)
            for key, part in schema.items()
            if key != "title" or not isinstance(part, str)
        }
    return [_tidy(part) for part in schema] if isinstance(schema, list) else schema
