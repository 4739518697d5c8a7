"""The tools that a plan may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from tts.errors import UnknownName, UsageError
from tts.tools.decorator import make_tool
from tts.tools.tool import Tool


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
