"""Chats by way of the responses API: what is asked, what comes back, and what has no place there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tts.backends.openai_http import HTTPGenerator
from tts.backends.openai_responses import CAN, ResponsesTransport
from tts.errors import BadRequest, CallError, Unavailable
from tts.protocols import GenerateRequest, Meter
from tts.values import FunctionCall, Message, Model, Sampling, ToolCall

TEXT = {"type": "message", "content": [{"type": "output_text", "text": "It is 42."}]}
USAGE = {
    "input_tokens": 9,
    "output_tokens": 30,
    "total_tokens": 39,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens_details": {"reasoning_tokens": 20},
}
WHOLE = {"status": "completed", "output": [TEXT], "usage": USAGE}
LOOK = {"name": "look", "parameters": {"type": "object"}}


class Answering:
    """A server that answers with one response, whole or as events."""

    def __init__(self, response: Any, events: Any = ()) -> None:
        self.response, self.events = response, events
        self.asked: Any = None

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        self.asked = path, msgspec.json.decode(body)
        return msgspec.json.encode(self.response)

    @asynccontextmanager
    async def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked = path, msgspec.json.decode(body)

        async def pieces() -> AsyncIterator[bytes]:
            for event in self.events:
                yield b"event: x\ndata: " + msgspec.json.encode(event) + b"\n\n"

        yield pieces()

    async def close(self) -> None: ...


def behind(server: Answering) -> HTTPGenerator:
    return HTTPGenerator(Model(name="m"), connection=ResponsesTransport(server), capabilities=CAN)


def request(*turns: Message, fields: Any = None, **sampling: Any) -> GenerateRequest:
    told = turns or (Message("system", "Be short."), Message("user", "What is 6 * 7?"))
    drawn = Sampling(**{"max_tokens": 64, **sampling})
    return GenerateRequest(messages=told, sampling=drawn, seeds=(1,), fields=fields or {})


async def test_a_conversation_goes_out_as_items_and_its_answer_comes_back_with_its_bill() -> None:
    server = Answering(WHOLE)
    reply = await behind(server).generate(request(temperature=0.5), Meter())
    path, asked = server.asked
    assert path == "/responses"
    assert asked == {
        "model": "m",
        "temperature": 0.5,
        "input": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "What is 6 * 7?"},
        ],
        "max_output_tokens": 64,
        "store": False,
    }
    [drawn] = reply.completions
    assert drawn is not None
    assert (drawn.text, drawn.finish_reason) == ("It is 42.", "stop")
    used = reply.usage
    assert (used.prompt_tokens, used.completion_tokens, used.reasoning_tokens) == (9, 30, 20)
    assert used.cached_prompt_tokens == 4


async def test_tools_formats_and_effort_have_the_places_that_this_form_gives_them() -> None:
    server = Answering(WHOLE)
    schema = {"name": "x", "schema": {"type": "object"}}
    fields = {
        "tools": [{"type": "function", "function": LOOK}],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "response_format": {"type": "json_schema", "json_schema": schema},
        "reasoning_effort": "low",
        "verbosity": "low",
    }
    call = ToolCall("c1", FunctionCall("look", "{}"))
    turns = (
        Message("user", "Look."),
        Message("assistant", "", (call,)),
        Message("tool", "rain", (), "c1"),
    )
    await behind(server).generate(request(*turns, fields=fields), Meter())
    _, asked = server.asked
    assert asked["tools"] == [{"type": "function", **LOOK}]
    assert asked["tool_choice"] == {"type": "function", "name": "look"}
    assert asked["text"] == {"format": {"type": "json_schema", **schema}, "verbosity": "low"}
    assert asked["reasoning"] == {"effort": "low"}
    assert asked["input"][1:] == [
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    ]


async def test_a_call_of_a_function_is_a_call_of_a_tool() -> None:
    item = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Let me look."}]}
    server = Answering({**WHOLE, "output": [thought, item]})
    [drawn] = (await behind(server).generate(request(), Meter())).completions
    assert drawn is not None
    assert drawn.finish_reason == "tool_calls"
    assert drawn.tool_calls == (ToolCall("c1", FunctionCall("look", "{}")),)
    assert drawn.reasoning == "Let me look."


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
async def test_what_is_incomplete_says_why(reason: str, finish: str) -> None:
    cut = {**WHOLE, "status": "incomplete", "incomplete_details": {"reason": reason}}
    [drawn] = (await behind(Answering(cut)).generate(request(), Meter())).completions
    assert drawn is not None and drawn.finish_reason == finish


async def test_a_refusal_is_one() -> None:
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "I will not."}]}
    server = Answering({**WHOLE, "output": [refused]})
    [drawn] = (await behind(server).generate(request(), Meter())).completions
    assert drawn is not None
    assert (drawn.finish_reason, drawn.text) == ("refusal", "I will not.")


async def test_an_error_under_status_200_is_a_failed_call() -> None:
    failed = {"status": "failed", "error": {"code": "server_error", "message": "it broke"}}
    with pytest.raises(CallError, match="it broke"):
        await behind(Answering(failed)).generate(request(), Meter())


EVENTS = [
    {"type": "response.created", "response": {}},
    {"type": "response.output_text.delta", "delta": "It is "},
    {"type": "response.output_text.delta", "delta": "42."},
    {"type": "response.completed", "response": WHOLE},
]


async def test_a_stream_grows_and_ends_with_the_bill() -> None:
    heard: list[str] = []
    server = Answering(None, EVENTS)
    reply = await behind(server).generate(request(), Meter(), lambda _, text: heard.append(text))
    [drawn] = reply.completions
    assert drawn is not None
    assert (heard, drawn.text, drawn.finish_reason) == (["It is ", "42."], "It is 42.", "stop")
    assert reply.usage.completion_tokens == 30
    assert server.asked[1]["stream"] is True


async def test_a_stream_that_is_cut_is_no_answer() -> None:
    server = Answering(None, EVENTS[:-1])
    with pytest.raises(Unavailable, match="ended before"):
        await behind(server).generate(request(), Meter(), lambda *_: None)


async def test_what_this_form_lacks_is_refused_before_anything_is_sent() -> None:
    server = Answering(WHOLE)
    with pytest.raises(BadRequest, match="stop"):
        await behind(server).generate(request(stop=("x",)), Meter())
    assert server.asked is None
