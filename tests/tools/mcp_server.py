"""A real MCP server for tests: `python mcp_server.py stdio`, or `python mcp_server.py PORT`."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass

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
    sys.stderr.write("\x1b[31mtoo early\x1b[0m\n" * 9999)
    sys.stderr.write("\x1b[31mout of\x1b[0m memory\x07" + "x" * 999 + "\nbye\n")
    sys.stderr.flush()
    os._exit(3)


@server.tool(name="process-id", annotations=ToolAnnotations(read_only_hint=True))
def process_id() -> int:
    """Id of the server's process."""
    return os.getpid()


@dataclass
class Place:
    """A result with fields."""

    name: str
    inside: Place | None = None


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def place(name: str) -> Place | None:
    """A place, or nothing."""
    return Place(name, Place("the world")) if name else None


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def places(names: list[str]) -> list[Place]:
    """One place for every name."""
    return [Place(name) for name in names]


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def where(name: str) -> Place:
    """A place."""
    return Place(name)


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
