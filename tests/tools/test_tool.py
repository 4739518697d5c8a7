"""Typed functions become tools."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from tts.errors import BadReply, ToolFailed, UnknownName, UsageError
from tts.tools import MCPTools, Tool, ToolContext, ToolSet, from_openai, to_openai, tool

CONTEXT = ToolContext(call="1", key="k", task="t")


@dataclass
class Page:
    """A result."""

    title: str
    height: float | None = None


@tool(effect="read", timeout=5, cap=4, cost=0.001)
async def search(entity: str, limit: int = 3, *, context: ToolContext) -> Page:
    """First paragraph of a page.

    Args:
        entity: what to look for,
            in any language.
        limit (int): how many.
    """
    return Page(f"{entity} for {context.task}")


@tool
def plain(a: int, b: float = 2.0) -> list[float]:
    """Adds.

    Parameters
    ----------
    a : int
        the first
    b : float
        the other
    """
    return [a + b]


def run(made: Tool, **arguments: Any) -> Any:
    return asyncio.run(made.body(arguments, CONTEXT))  # type: ignore[arg-type]


def test_name_description_and_schema_come_from_the_function() -> None:
    assert (search.name, search.description) == ("search", "First paragraph of a page.")
    assert search.arguments["entity"]["description"] == "what to look for, in any language."
    assert search.required == ("entity",)
    assert search.returns["properties"]["title"] == {"type": "string"}


def test_a_numpy_docstring_is_read() -> None:
    assert plain.arguments["b"]["description"] == "the other"


def test_the_context_is_handed_in_and_not_in_the_schema() -> None:
    assert "context" not in search.arguments
    assert run(search, entity="K2") == {"title": "K2 for t", "height": None}


def test_an_undeclared_effect_is_taken_for_the_worst() -> None:
    assert plain.effect == "irreversible"


def test_a_sync_function_runs_with_coerced_arguments() -> None:
    assert run(plain, a="7") == [9.0]


def test_a_number_for_text_is_its_text() -> None:
    assert run(search, entity=7)["title"] == "7 for t"


def test_ill_typed_arguments_are_told_by_name() -> None:
    with pytest.raises(ToolFailed, match=r"a: .*integer"):
        run(plain, a="seven")


def test_a_result_that_breaks_the_annotation_is_a_bad_reply() -> None:
    @tool(effect="read")
    def wrong() -> int:
        return "x"  # type: ignore[return-value]

    with pytest.raises(BadReply):
        run(wrong)


def test_a_function_without_fixed_names_is_refused() -> None:
    with pytest.raises(UsageError, match="fixed name"):
        tool(lambda *parts: parts)


def test_the_nearest_tool_is_named() -> None:
    with pytest.raises(UnknownName, match="search"):
        ToolSet([search]).find("serch")


async def test_function_schemas_go_out_and_come_in() -> None:
    async def handler(arguments: Any) -> Any:
        return arguments["entity"]

    schema = to_openai(search)
    again = from_openai(schema, handler, effect="read")
    assert to_openai(again) == schema
    assert await again.body({"entity": "K2"}, CONTEXT) == "K2"


async def test_an_mcp_server_in_the_same_process_is_a_tool_set() -> None:
    server = pytest.importorskip("mcp.server").MCPServer("demo")
    types = pytest.importorskip("mcp.types")

    @server.tool(annotations=types.ToolAnnotations(readOnlyHint=True))
    def double(a: int) -> int:
        """Twice."""
        return 2 * a

    async with MCPTools(server, trusted=True) as tools:
        assert tools["double"].effect == "read"
        assert await tools["double"].body({"a": 4}, CONTEXT) == 8
    async with MCPTools(server) as tools:
        assert tools["double"].effect == "irreversible"
