"""MCP servers as tool sets (Model Context Protocol, through the official `mcp` package)."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any

from tts.errors import NotSent, ToolFailed, UsageError
from tts.protocols import Effect
from tts.tools.mcp_connection import MCPConnection
from tts.tools.openai_schema import HandlerBody
from tts.tools.tool import Tool
from tts.tools.tool_set import ToolSet

_STDIO = "stdio:"
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
            lambda: _client(self.server), label=_label(self.server), patience=self.patience
        )
        client = await connection.open()
        try:
            tools = [self._tool(found) async for found in _listed(client)]
            chosen = ToolSet(tools)
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
        return Tool(
            name=_identifier(self.prefix + found.name),
            description=found.description or found.title or "",
            parameters=found.input_schema,
            returns=found.output_schema or {},
            body=HandlerBody(self._handler(found.name), found.input_schema),
            **{"effect": self.effects.get(found.name, effect_of(hints)), **self.options},
        )

    def _handler(self, name: str) -> Callable[[Mapping[str, Any]], Awaitable[Any]]:
        async def call(arguments: Mapping[str, Any]) -> Any:
            if self._connection is None:
                raise NotSent(f"the connection to the MCP server of {name!r} is closed")
            return result_of(await self._connection.call(name, arguments))

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


def result_of(answer: Any) -> Any:
    """Structured content where there is some, else the texts; raises `ToolFailed` for an error."""
    texts = [part.text for part in answer.content if getattr(part, "type", "") == "text"]
    if answer.is_error:
        raise ToolFailed("\n".join(texts) or "the MCP server reported an error")
    if answer.structured_content is not None:
        return answer.structured_content
    if len(texts) == len(answer.content):
        return texts[0] if len(texts) == 1 else texts
    return [part.model_dump(mode="json", by_alias=True) for part in answer.content]


def _client(server: Any) -> Any:
    try:
        from mcp import Client, StdioServerParameters  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UsageError("MCP servers need the extra: pip install 'tts-engine[mcp]'.") from error
    if isinstance(server, str) and server.startswith(_STDIO):
        command, *arguments = shlex.split(server.removeprefix(_STDIO))
        server = StdioServerParameters(command=command, args=arguments)
    return Client(server)


async def _listed(client: Any) -> AsyncIterator[Any]:
    """Every tool of a server, page by page."""
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        for found in page.tools:
            yield found
        cursor = page.next_cursor
        if not cursor:
            return


def _label(server: Any) -> str:
    """What messages call a server: without a password that its address may hold."""
    named = isinstance(server, str)
    return _LOGIN.sub("//", server) if named else type(server).__name__


def _identifier(name: str) -> str:
    """A name that a plan can hold: other characters become underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)
