"""Functions as tools: typed ones by `@tts.tool`, others by their OpenAI-style schema; tool sets."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, overload

import msgspec
from pydantic import ValidationError

from tts.errors import BadInput, BadReply, ToolFailed, UnknownName, UsageError
from tts.protocols import Effect
from tts.tools.schemas import inlined
from tts.tools.shielded import GRACE, in_thread, shielded
from tts.tools.signature import Signature, read_docstring, read_signature
from tts.tools.tool import Tool, ToolContext


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


@dataclass(frozen=True)
class FunctionBody:
    """Validates the arguments, runs the function, validates and serialises the result.

    A sync function runs in a daemon thread of its own. A call that is no longer wanted, or out of
    time, is left after `GRACE` seconds whether the function ends or not.
    """

    function: Callable[..., Any]
    signature: Signature

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            model = self.signature.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolFailed(f"ill-typed arguments: {first_complaint(error)}") from error
        return {name: getattr(model, name) for name in type(model).model_fields}

    async def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        named = dict(self.check(arguments))
        if self.signature.context:
            named[self.signature.context] = context
        if inspect.iscoroutinefunction(self.function):
            value = await shielded(self.function(**named), grace=GRACE)
        else:
            value = await in_thread(lambda: self.function(**named))
            if inspect.iscoroutine(value):
                value = await shielded(value, grace=GRACE)
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        try:
            checked = self.signature.result.validate_python(value)
            return self.signature.result.dump_python(checked, mode="json")
        except Exception as error:
            reason = first_complaint(error) if isinstance(error, ValidationError) else str(error)
            raise BadReply(f"the result is not what the annotation promises: {reason}") from error


def first_complaint(error: ValidationError) -> str:
    """The first of pydantic's complaints on one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


class ToolSet(Mapping[str, Tool]):
    """Tools by name, in the order given; plain functions become tools of unknown effect."""

    def __init__(self, tools: Iterable[Tool | Callable[..., Any]] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for given in tools:
            made = given if isinstance(given, Tool) else make_tool(given)
            if made.name in self._tools:
                raise UsageError(f"Two tools are called {made.name!r}.")
            self._tools[made.name] = made

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def find(self, name: str) -> Tool:
        """The tool of a name; raises `UnknownName` with the nearest one."""
        if name not in self._tools:
            raise UnknownName("tool", name, self._tools)
        return self._tools[name]

    @property
    def digest(self) -> str:
        """Changes with every name, schema, effect or version."""
        facts = [
            (tool.name, tool.parameters, tool.returns, tool.effect, tool.version)
            for tool in self._tools.values()
        ]
        return blake2b(msgspec.json.encode(facts, order="deterministic"), digest_size=8).hexdigest()


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
