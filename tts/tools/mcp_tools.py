"""MCP servers as tool sets (Model Context Protocol, through the official `mcp` package)."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

from tts.errors import BadReply, NotSent, ToolFailed, UsageError
from tts.protocols import Effect
from tts.tools.function_tools import HandlerBody, ToolSet, as_object
from tts.tools.mcp_connection import MCPConnection, StderrTail
from tts.tools.schemas import Schema, target
from tts.tools.tool import Tool

_STDIO = "stdio:"
_WRAPPED = "result"
"""The one field that servers put around results that are no objects."""
_LOGIN = re.compile(r"//[^/@]*@")


class MCPTools:
    """The tools of one server while its connection is open: `async with MCPTools(…) as tools`.

    Hints are the server's own word. They set the effects only of a server that is trusted;
    everything that another offers counts as irreversible.
    """

    def __init__(
        self,
        server: Any,
        *,
        trusted: bool = False,
        prefix: str = "",
        effects: Mapping[str, Effect] | None = None,
        timeout: float = 60.0,
        patience: float = 30.0,
        **options: Any,
    ) -> None:
        """Describe the connection; nothing is opened yet.

        Args:
            server: `http://…`, `stdio:command arguments`, or whatever `mcp.Client` takes.
            trusted: believe the server's hints.
            prefix: put before every name, where two servers share names.
            effects: by the server's own names; they win over hints.
            timeout: seconds for one attempt of a call.
            patience: seconds for connecting, at first and after the server was lost.
            options: fields of `Tool` for all of them: retries, cap, cost, ….
        """
        self.server, self.trusted, self.prefix = server, trusted, prefix
        self.effects, self.options = dict(effects or {}), {"timeout": timeout, **options}
        self.patience = patience
        self._connection: MCPConnection | None = None

    async def __aenter__(self) -> ToolSet:
        connection = MCPConnection(
            lambda tail: _client(self.server, tail),
            label=_label(self.server),
            patience=self.patience,
        )
        try:
            chosen = ToolSet(
                [self._tool(found) for found in await connection.ask(_listed, "tools/list")]
            )
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        return chosen

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _tool(self, found: Any) -> Tool:
        hints = found.annotations if self.trusted else None
        parameters, returns = as_object(found.input_schema), found.output_schema or {}
        inner = unwrapped(returns)
        return Tool(
            name=_identifier(self.prefix + found.name),
            description=found.description or found.title or "",
            parameters=parameters,
            returns=returns if inner is None else inner,
            body=HandlerBody(self._handler(found.name, wrapped=inner is not None), parameters),
            **{"effect": self.effects.get(found.name, effect_of(hints)), **self.options},
        )

    def _handler(
        self, name: str, *, wrapped: bool
    ) -> Callable[[Mapping[str, Any]], Awaitable[Any]]:
        async def call(arguments: Mapping[str, Any]) -> Any:
            if self._connection is None:
                raise NotSent(f"the connection to the MCP server of {name!r} is closed")
            answer, said = await self._connection.call(name, arguments)
            return result_of(answer, wrapped=wrapped, said=said)

        return call


def effect_of(hints: Any) -> Effect:
    """An effect from `ToolAnnotations`; unset hints have the specification's defaults."""
    if hints is None:
        return "irreversible"
    if hints.read_only_hint:
        return "read"
    if hints.idempotent_hint:
        return "idempotent"
    return "write" if hints.destructive_hint is False else "irreversible"


def unwrapped(schema: Schema) -> Schema | None:
    """What the output schema of a result that is no object promises of it; None: it is no wrapper.

    Structured content has to be an object, so servers send anything else as `{"result": …}`.
    """
    fields = schema.get("properties")
    if not isinstance(fields, Mapping) or [*fields] != [_WRAPPED]:
        return None
    if _WRAPPED not in schema.get("required", ()):
        return None
    inner = fields[_WRAPPED] if isinstance(fields[_WRAPPED], Mapping) else {}
    model = target(inner["$ref"], schema) if "$ref" in inner else inner
    if model and "properties" in model and not schema.get("x-fastmcp-wrap-result"):
        return None  # an object needs no wrapper: this one is the server's own
    names = ("$defs", "definitions")
    return {**_untitled(inner), **{name: schema[name] for name in names if name in schema}}


def result_of(answer: Any, *, wrapped: bool = False, said: str = "") -> Any:
    """Structured content where there is some, else the texts; raises `ToolFailed` for an error.

    `wrapped`: the content is the one field of an object. `said`: last words of the server's
    stderr, for the error.
    """
    texts = [part.text for part in answer.content if getattr(part, "type", "") == "text"]
    if answer.is_error:
        told = "\n".join(texts) or "the MCP server reported an error"
        raise ToolFailed(f"{told}{said}")
    content = answer.structured_content
    if wrapped:
        if not isinstance(content, Mapping) or _WRAPPED not in content:
            raise BadReply(f"the answer has no {_WRAPPED!r}, which its output schema promises")
        return content[_WRAPPED]
    if content is not None:
        return content
    if len(texts) == len(answer.content):
        return texts[0] if len(texts) == 1 else texts
    return [part.model_dump(mode="json", by_alias=True) for part in answer.content]


def _untitled(schema: Schema) -> Schema:
    """Without the title that the package makes of the field's name."""
    return {key: value for key, value in schema.items() if key != "title"}


@asynccontextmanager
async def _client(server: Any, tail: StderrTail) -> AsyncIterator[Any]:
    """A connected client; what a server that it starts writes to stderr goes to the tail."""
    try:
        from mcp import Client, StdioServerParameters  # pyright: ignore[reportMissingImports]
        from mcp.client.stdio import stdio_client  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UsageError("MCP servers need the extra: pip install 'tts-engine[mcp]'.") from error
    if isinstance(server, str) and server.startswith(_STDIO):
        command, *arguments = _words(server.removeprefix(_STDIO))
        server = StdioServerParameters(command=command, args=arguments)
    if not isinstance(server, StdioServerParameters):
        async with Client(server) as client:
            yield client
        return
    with tail.opened() as errlog:
        async with Client(stdio_client(server, errlog=errlog)) as client:
            tail.started()
            yield client


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(
            f"The MCP server's command {command!r} cannot be read: {error}."
        ) from error
    if not words:
        raise UsageError("An MCP server over stdio needs a command: 'stdio:python server.py'.")
    return words


async def _listed(client: Any) -> list[Any]:
    """Every tool of a server, page by page."""
    found: list[Any] = []
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            return found


def _label(server: Any) -> str:
    """What messages call a server: without a password that its address may hold."""
    named = isinstance(server, str)
    return _LOGIN.sub("//", server) if named else type(server).__name__


def _identifier(name: str) -> str:
    """A name that a plan can hold: other characters become underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)
