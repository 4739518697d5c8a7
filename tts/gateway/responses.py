"""`/v1/responses`: items in, items out. Nothing is kept between requests: send the whole turn."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import msgspec

from tts.gateway.answers import Choice, Outcome
from tts.gateway.asking import Ask, Wish
from tts.gateway.bodies import ResponseBody, Turn, decoded, passed, refuse, text_of
from tts.gateway.chat import tool_call, turns
from tts.gateway.errors import bad
from tts.values import Conversation, Message, Usage

REFUSED = ("previous_response_id", "conversation", "background", "prompt")
IGNORED_ITEMS = frozenset({"reasoning", "item_reference"})


class Responses:
    """Reads requests for responses and writes their answers."""

    def read(self, body: bytes) -> Wish:
        told, raw = decoded(body, ResponseBody)
        refuse(raw, REFUSED)
        messages = _messages(told)
        if not messages:
            raise bad("input: at least one item is needed.", param="input")
        return Wish(
            model=told.model,
            conversation=Conversation(messages, _fields(told, raw)),
            sampling={
                "temperature": told.temperature,
                "top_p": told.top_p,
                "top_k": told.top_k,
                "max_tokens": told.max_output_tokens,
            },
            bounded_by="max_output_tokens",
            stream=bool(told.stream),
            include_usage=True,
            own=told.tts,
        )

    def whole(self, outcome: Outcome) -> dict[str, Any]:
        [choice] = outcome.choices
        cut = choice.finish == "length"
        return {
            **_head(outcome.ask),
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "output": _items(outcome.ask, choice),
            "usage": _usage(outcome.usage),
            "tts": outcome.fields,
        }

    def writer(self, ask: Ask) -> ResponseWriter:
        return ResponseWriter(self, ask)


class ResponseWriter:
    """The numbered events of a streamed response."""

    done = b""

    def __init__(self, api: Responses, ask: Ask) -> None:
        self._api, self._ask = api, ask
        self._numbers = count()
        self._place = {"item_id": f"msg_{ask.id}", "output_index": 0, "content_index": 0}
        self._opened = False

    def opening(self) -> Iterator[dict[str, Any]]:
        begun = {**_head(self._ask), "status": "in_progress", "output": [], "usage": None}
        yield self._event("response.created", response=begun)
        yield self._event("response.in_progress", response=begun)

    def piece(self, text: str) -> Iterator[dict[str, Any]]:
        if not self._opened:
            self._opened = True
            item = _message(self._ask, None)
            yield self._event("response.output_item.added", output_index=0, item=item)
            part = _part("")
            yield self._event("response.content_part.added", **self._place, part=part)
        yield self._event("response.output_text.delta", **self._place, delta=text, logprobs=[])

    def closing(self, outcome: Outcome, sent: str) -> Iterator[dict[str, Any]]:
        [choice] = outcome.choices
        rest = choice.text[len(sent) :]
        if rest:
            yield from self.piece(rest)
        whole = self._api.whole(outcome)
        for index, item in enumerate(whole["output"]):
            if item["type"] == "message":
                yield from self._end_of_text(choice)
            else:
                begun = {**item, "arguments": "", "status": "in_progress"}
                yield self._event("response.output_item.added", output_index=index, item=begun)
                place = {"item_id": item["id"], "output_index": index}
                told = {"arguments": item["arguments"], "name": item["name"]}
                yield self._event("response.function_call_arguments.done", **place, **told)
            yield self._event("response.output_item.done", output_index=index, item=item)
        kind = "completed" if whole["status"] == "completed" else "incomplete"
        yield self._event(f"response.{kind}", response=whole)

    def _end_of_text(self, choice: Choice) -> Iterator[dict[str, Any]]:
        if not self._opened:
            yield from self.piece("")
        text, part = choice.text, _part(choice.text)
        yield self._event("response.output_text.done", **self._place, text=text, logprobs=[])
        yield self._event("response.content_part.done", **self._place, part=part)

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "sequence_number": next(self._numbers), **fields}


def _head(ask: Ask) -> dict[str, Any]:
    fields = ask.wish.conversation.fields
    return {
        "id": f"resp_{ask.id}",
        "object": "response",
        "created_at": int(time.time()),
        "model": ask.model,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": fields.get("parallel_tool_calls", True),
        "temperature": ask.sampling.temperature,
        "top_p": ask.sampling.top_p,
        "max_output_tokens": ask.sampling.max_tokens,
        "tool_choice": fields.get("tool_choice", "auto"),
        "tools": [{"type": "function", **one["function"]} for one in fields.get("tools", ())],
    }


def _items(ask: Ask, choice: Choice) -> list[dict[str, Any]]:
    items = [] if choice.tool_calls and not choice.text else [_message(ask, choice)]
    for place, call in enumerate(choice.tool_calls):
        items.append(
            {
                "id": f"fc_{ask.id}_{place}",
                "type": "function_call",
                "status": "completed",
                "call_id": call.id,
                "name": call.function.name,
                "arguments": call.function.arguments,
            }
        )
    return items


def _message(ask: Ask, choice: Choice | None) -> dict[str, Any]:
    status = "in_progress"
    if choice is not None:
        status = "incomplete" if choice.finish == "length" else "completed"
    return {
        "id": f"msg_{ask.id}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [] if choice is None else [_part(choice.text)],
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_prompt_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.tokens,
    }


def _messages(told: ResponseBody) -> tuple[Message, ...]:
    first = [Message("system", told.instructions)] if told.instructions else []
    if isinstance(told.input, str):
        return (*first, Message("user", told.input)) if told.input.strip() else ()
    listed = [_item(place, item) for place, item in enumerate(told.input)]
    return (*first, *(message for some in listed for message in some))


def _item(place: int, item: Mapping[str, Any]) -> tuple[Message, ...]:
    where, kind = f"input[{place}]", item.get("type", "message")
    match kind:
        case "message":
            role, content = item.get("role", "user"), text_of(item.get("content"), where)
            return turns([Turn(role=str(role), content=content)])
        case "function_call":
            call = {"id": item.get("call_id", ""), "function": dict(item)}
            return (Message("assistant", "", (tool_call(where, call),)),)
        case "function_call_output":
            output = item.get("output", "")
            text = output if isinstance(output, str) else msgspec.json.encode(output).decode()
            return (Message("tool", text, (), str(item.get("call_id", ""))),)
        case _ if kind in IGNORED_ITEMS:
            return ()
        case _:
            raise bad(f"{where}: items of type {kind!r} are not supported.", param="input")


def _fields(told: ResponseBody, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The further fields, as chats have them."""
    fields = passed({name: value for name, value in raw.items() if name != "reasoning"})
    if told.tools:
        fields["tools"] = [_tool(place, tool) for place, tool in enumerate(told.tools)]
    choice = told.tool_choice
    if isinstance(choice, dict) and "name" in choice:
        fields["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    if told.reasoning and told.reasoning.effort:
        fields["reasoning_effort"] = told.reasoning.effort
    if told.text and told.text.verbosity:
        fields["verbosity"] = told.text.verbosity
    shape = told.text.format if told.text else None
    if shape and shape.get("type") == "json_schema":
        content = {name: value for name, value in shape.items() if name != "type"}
        fields["response_format"] = {"type": "json_schema", "json_schema": content}
    elif shape and shape.get("type") == "json_object":
        fields["response_format"] = {"type": "json_object"}
    return fields


def _tool(place: int, tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool.get("type") != "function":
        kind = tool.get("type")
        raise bad(f"tools[{place}]: tools of type {kind!r} are not supported.", param="tools")
    content = {name: value for name, value in tool.items() if name != "type"}
    return {"type": "function", "function": content}
