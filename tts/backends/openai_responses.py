"""The responses API as a way to a chat model: requests and answers of chats, written as the other form.

`/v1/responses` (OpenAI API reference, Responses, read on 29 November 2026). What it lacks, a chat does not
get: several draws in one request, stop strings, seeds and texts to be continued.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tts.backends.openai_http import Transport
from tts.backends.openai_http.completions import events
from tts.backends.openai_http.reply import decode
from tts.errors import BadRequest
from tts.values import Capabilities

PATH = "/responses"
CAN = Capabilities(max_completion_tokens=True, reports_usage=True, reasoning=True)
"""What the API offers, whichever model it serves."""
ENDS = ("response.completed", "response.incomplete")
_ANY: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_SAME = ("model", "temperature", "top_p", "stream", "parallel_tool_calls", "user", "metadata")


class ResponsesTransport:
    """Carries what is written for `/chat/completions` to `/responses` of the same server."""

    def __init__(self, connection: Transport) -> None:
        self._connection = connection

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        came = await self._connection.post(PATH, asked(body), most=most)
        response: dict[str, Any] = decode(_ANY, came)
        return msgspec.json.encode(chat_reply(response))

    @asynccontextmanager
    async def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        async with self._connection.stream(PATH, asked(body), most=most) as pieces:
            yield _chunks(pieces)

    async def close(self) -> None:
        await self._connection.close()


def asked(body: bytes) -> bytes:
    """The body of a chat as a body of a response; raises `BadRequest` for what has no place there."""
    chat = msgspec.json.decode(body)
    for name in ("stop", "logprobs"):
        if chat.get(name):
            raise BadRequest(f"The responses API takes no {name}: ask the model by `openai:`.")
    told: dict[str, Any] = {name: chat[name] for name in _SAME if name in chat}
    told["input"] = [item for turn in chat["messages"] for item in _items(turn)]
    told["max_output_tokens"] = chat.get("max_completion_tokens") or chat.get("max_tokens")
    told["store"] = False
    if tools := chat.get("tools"):
        told["tools"] = [{"type": "function", **tool["function"]} for tool in tools]
    if choice := chat.get("tool_choice"):
        named = isinstance(choice, dict)
        told["tool_choice"] = {"type": "function", **choice["function"]} if named else choice
    if effort := chat.get("reasoning_effort"):
        told["reasoning"] = {"effort": effort}
    text = dict(_text(chat))
    return msgspec.json.encode(told | ({"text": text} if text else {}))


def _text(chat: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    shape = chat.get("response_format")
    if shape and shape.get("type") == "json_schema":
        yield "format", {"type": "json_schema", **shape["json_schema"]}
    elif shape:
        yield "format", shape
    if chat.get("verbosity"):
        yield "verbosity", chat["verbosity"]


def _items(turn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    content = turn.get("content") or ""
    if turn["role"] == "tool":
        call = turn.get("tool_call_id", "")
        yield {"type": "function_call_output", "call_id": call, "output": content}
        return
    if content or not turn.get("tool_calls"):
        yield {"role": turn["role"], "content": content}
    for call in turn.get("tool_calls") or ():
        yield {"type": "function_call", "call_id": call["id"], **call["function"]}


def chat_reply(response: Mapping[str, Any]) -> dict[str, Any]:
    """A whole response as the reply of a chat."""
    if response.get("error"):
        return {"error": response["error"]}
    choice = {"index": 0, "message": _message(response), "finish_reason": _end(response)}
    return {"choices": [choice], "usage": _usage(response)}


def _message(response: Mapping[str, Any]) -> dict[str, Any]:
    parts = [part for item in _of(response, "message") for part in item.get("content") or ()]
    thoughts = [part for item in _of(response, "reasoning") for part in item.get("summary") or ()]
    calls = [
        {
            "id": item.get("call_id", ""),
            "type": "function",
            "function": {"name": item["name"], "arguments": item["arguments"]},
        }
        for item in _of(response, "function_call")
    ]
    message: dict[str, Any] = {"role": "assistant", "content": _joined(parts, "text")}
    if refused := _joined(parts, "refusal"):
        message["refusal"] = refused
    if told := _joined(thoughts, "text"):
        message["reasoning_content"] = told
    return message | ({"tool_calls": calls} if calls else {})


def _of(response: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in response.get("output") or () if item.get("type") == kind]


def _joined(parts: list[dict[str, Any]], name: str) -> str:
    return "".join(part.get(name) or "" for part in parts)


def _end(response: Mapping[str, Any]) -> str:
    if response.get("status") == "incomplete":
        return str((response.get("incomplete_details") or {}).get("reason"))
    return "tool_calls" if _of(response, "function_call") else "stop"


def _usage(response: Mapping[str, Any]) -> dict[str, Any] | None:
    told = response.get("usage")
    if not told:
        return None
    return {
        "prompt_tokens": told.get("input_tokens"),
        "completion_tokens": told.get("output_tokens"),
        "total_tokens": told.get("total_tokens"),
        "prompt_tokens_details": told.get("input_tokens_details"),
        "completion_tokens_details": told.get("output_tokens_details"),
    }


async def _chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events of a streamed response as those of a streamed chat."""
    ended = False
    async for data in events(pieces):
        event = decode(_ANY, data)
        kind = event.get("type", "")
        for chunk in _chunk(kind, event):
            yield b"data: " + msgspec.json.encode(chunk) + b"\n\n"
        ended = ended or kind in ENDS
    if ended:
        yield b"data: [DONE]\n\n"


def _chunk(kind: str, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    match kind:
        case "response.output_text.delta":
            yield {"choices": [{"index": 0, "delta": {"content": event.get("delta", "")}}]}
        case _ if kind in ENDS:
            whole = chat_reply(event["response"])
            [choice] = whole["choices"]
            delta = {name: told for name, told in choice["message"].items() if name != "content"}
            yield {"choices": [{**choice, "message": None, "delta": delta}]}
            yield {"choices": [], "usage": whole["usage"]}
        case "response.failed" | "error":
            yield {"error": (event.get("response") or event).get("error") or dict(event)}
