"""What MCP servers answer, read without a server: wrappers, unsound answers, last words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import BadReply, ToolFailed, Unavailable
from tts.tools.mcp_connection import LENGTH, LINES, MCPConnection, StderrTail
from tts.tools.mcp_tools import result_of, unwrapped

NUMBER = {"type": "integer"}


def wrapper(inner: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"result": inner}, "required": ["result"], **more}


def answer(content: Any = None, *texts: str, error: bool = False) -> Any:
    parts = [SimpleNamespace(type="text", text=text) for text in texts]
    return SimpleNamespace(content=parts, structured_content=content, is_error=error)


def test_the_schema_of_a_wrapped_result_is_its_own() -> None:
    listed = {"type": "array", "items": {"$ref": "#/$defs/A"}}
    definitions = {"A": {"properties": {"x": NUMBER}}}
    assert unwrapped(wrapper({"title": "Result", **NUMBER})) == NUMBER
    assert unwrapped(wrapper(listed, **{"$defs": definitions})) == {**listed, "$defs": definitions}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"result": NUMBER}},
        {**wrapper(NUMBER), "properties": {"result": NUMBER, "unit": {}}},
        {"properties": {"value": NUMBER}, "required": ["value"]},
        wrapper({"$ref": "#/$defs/A"}, **{"$defs": {"A": {"properties": {"x": NUMBER}}}}),
        wrapper({"type": "object", "properties": {"x": NUMBER}}),
    ],
)
def test_an_object_of_the_servers_own_is_no_wrapper(schema: dict[str, Any]) -> None:
    assert unwrapped(schema) is None


@pytest.mark.parametrize("value", [0, False, None, "", [], [{"result": 1}], {"result": 1}])
def test_only_one_wrapper_comes_off_and_empty_values_stay(value: Any) -> None:
    assert result_of(answer({"result": value}), wrapped=True) == value
    assert result_of(answer({"result": value})) == {"result": value}


@pytest.mark.parametrize("content", [None, {}, {"value": 1}, [1]])
def test_an_answer_without_the_promised_wrapper_is_unsound(content: Any) -> None:
    with pytest.raises(BadReply, match="no 'result'"):
        result_of(answer(content, "1"), wrapped=True)


def test_an_error_of_a_tool_has_no_result_and_its_last_words() -> None:
    with pytest.raises(ToolFailed, match=r"^no; its stderr$"):
        result_of(answer(None, "no", error=True), wrapped=True, said="; its stderr")


class Client:
    """Answers a call with what it is made of: an error is raised."""

    def __init__(self, outcome: Exception) -> None:
        self.outcome = outcome

    async def call_tool(self, name: str, arguments: Any) -> Any:
        raise self.outcome


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (RuntimeError("Invalid structured content returned by tool f: 1"), BadReply),
        (ValueError("1 validation error\nmore"), BadReply),
        (OSError("broken pipe"), Unavailable),
    ],
)
async def test_an_answer_that_the_package_refuses_is_no_lost_server(
    outcome: Exception, told: type[Exception]
) -> None:
    opened: list[int] = []

    @asynccontextmanager
    async def connect(tail: StderrTail) -> AsyncIterator[Any]:
        opened.append(1)
        yield Client(outcome)

    connection = MCPConnection(connect, label="demo", patience=5)
    for _ in range(2):
        with pytest.raises(told, match="'f'"):
            await connection.call("f", {})
    await connection.close()
    assert len(opened) == (1 if told is BadReply else 2)


async def said_by(code: str) -> tuple[str, int]:
    tail = StderrTail()
    with tail.opened() as errlog:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=errlog)
        tail.started()
        await tail.settled(20)
        await process.wait()
    return tail.last(), tail.total


async def test_a_process_that_writes_without_end_is_kept_in_part_and_never_waits() -> None:
    said, total = await said_by(
        "import sys\nfor n in range(300000): sys.stderr.write(f'line {n}\\n')"
    )
    assert total > 3_000_000
    assert said.endswith("line 299998 | line 299999")
    assert said.count(" | ") == LINES - 1


async def test_words_from_before_are_not_told_again() -> None:
    tail = StderrTail()
    with tail.opened() as errlog:
        errlog.write("before\n")
        errlog.flush()
        assert tail.last() == "; its stderr ends with: before"
        mark = tail.total
        assert tail.last(mark) == ""
        errlog.write("after\n")
        errlog.flush()
        assert tail.last(mark) == "; its stderr ends with: after"


@given(st.binary(max_size=400))
def test_no_last_word_acts_whatever_was_written(data: bytes) -> None:
    async def told() -> str:
        tail = StderrTail()
        with tail.opened() as errlog:
            errlog.buffer.write(data)
            errlog.flush()
            return tail.last()

    said = asyncio.run(told())
    assert said == "" or said.startswith("; its stderr ends with: ")
    assert not any(
        (ord(letter) < 32 and letter != "\t") or 127 <= ord(letter) < 160 for letter in said
    )
    assert len(said) <= LINES * (LENGTH + 3) + 30
