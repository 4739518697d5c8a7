"""A real MCP server for tests: `python mcp_server.py stdio`, or `python mcp_server.py PORT`."""

from __future__ import annotations

import os
import sys
import time

from mcp.server import MCPServer  # pyright: ignore[reportMissingImports]
from mcp.types import ToolAnnotations  # pyright: ignore[reportMissingImports]

server = MCPServer("demo")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def double(a: int) -> int:
    """Twice a number."""
    return 2 * a


@server.tool(annotations=ToolAnnotations(idempotent_hint=True, read_only_hint=False))
def sleep(seconds: float) -> str:
    """Answer after so many seconds."""
    time.sleep(seconds)
    return "awake"


@server.tool(annotations=ToolAnnotations(destructive_hint=False, read_only_hint=False))
def fail(reason: str) -> str:
    """Raise."""
    raise ValueError(reason)


@server.tool()
def die() -> str:
    """End the process in the middle of the call."""
    os._exit(3)


@server.tool(name="process-id", annotations=ToolAnnotations(read_only_hint=True))
def process_id() -> int:
    """Id of the server's process."""
    return os.getpid()


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
