"""`/v1/chat/completions`: a conversation in, a turn out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, cast, get_args

from tts.gateway.answers import Choice, Outcome
from tts.gateway.asking import Ask, Wish, wish_of
from tts.gateway.bodies import REFUSED, ChatBody, Turn, decoded, passed, refuse, text_of
from tts.gateway.errors import bad
from tts.values import (
    Conversation,
    FunctionCall,
    Message,
    MessageRole,
    ToolCall,
    Usage,
)

ROLES = {"developer": "system", "function": "tool"}
"""Other names of roles."""


class Chat:
    """Reads requests of chats and writes their answers, whole and in chunks."""

    object = "chat.completion"
    prefix = "chatcmpl-"

    def read(self, body: bytes) -> Wish:
        told, raw = decoded(body, ChatBody)
        refuse(raw, REFUSED)
        if not told.messages:
            raise bad("messages: at least one is needed.", param="messages")
        conversation = Conversation(turns(told.messages), passed(raw))
        if told.max_completion_tokens is None:
            return wish_of(told, conversation, told.max_tokens)
        return wish_of(told, conversation, told.max_completion_tokens, "max_completion_tokens")

    def whole(self, outcome: Outcome) -> dict[str, Any]:
        return {
            **self.head(outcome.ask, self.object),
            "choices": [self._choice(choice) for choice in outcome.choices],
            "usage": usage_fields(outcome.usage),
            "tts": outcome.fields,
        }

    def writer(self, ask: Ask) -> ChatWriter:
        return ChatWriter(ask, self.head(ask, f"{self.object}.chunk"))

    def head(self, ask: Ask, kind: str) -> dict[str, Any]:
        return {
            "id": self.prefix + ask.id,
            "object": kind,
            "created": int(time.time()),
            "model": ask.model,
        }

    def _choice(self, choice: Choice) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": None}
        if choice.tool_calls:
            message |= {"content": choice.text or None, "tool_calls": choice.tool_calls}
        return {
            "index": choice.index,
            "message": message,
            "logprobs": None,
            "finish_reason": choice.finish,
        }


class ChatWriter:
    """The chunks of a streamed chat."""

    done = b"[DONE]"

    def __init__(self, ask: Ask, head: dict[str, Any]) -> None:
        self._ask, self._head = ask, head

    def opening(self) -> Iterator[dict[str, Any]]:
        """Before any text."""
        for place in range(self._ask.wish.n):
            yield self._chunk(place, {"role": "assistant", "content": ""})

    def piece(self, text: str) -> Iterator[dict[str, Any]]:
        """More of the only choice."""
        yield self._chunk(0, {"content": text})

    def closing(self, outcome: Outcome, sent: str) -> Iterator[dict[str, Any]]:
        """The rest of each choice, its end, and the usage where it is asked for."""
        for choice in outcome.choices:
            rest = choice.text[len(sent) :] if choice.index == 0 else choice.text
            if rest:
                yield self._chunk(choice.index, {"content": rest})
            if choice.tool_calls:
                yield self._chunk(choice.index, {"tool_calls": _indexed(choice)})
            yield self._chunk(choice.index, {}, choice.finish)
        if self._ask.wish.include_usage:
            spent = usage_fields(outcome.usage)
            yield {**self._head, "choices": [], "usage": spent, "tts": outcome.fields}

    def _chunk(
        self, place: int, delta: dict[str, Any], finish: str | None = None
    ) -> dict[str, Any]:
        choice = {"index": place, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head, "choices": [choice]}


def _indexed(choice: Choice) -> list[dict[str, Any]]:
    return [
        {"index": place, "id": call.id, "type": call.type, "function": call.function}
        for place, call in enumerate(choice.tool_calls)
    ]


def usage_fields(usage: Usage) -> dict[str, Any]:
    """`usage` of a body: every call that the request became, not the chosen one alone."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_prompt_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def turns(told: Sequence[Turn]) -> tuple[Message, ...]:
    """The conversation; raises `ApiError` for roles and contents that there are not."""
    return tuple(_turn(place, one) for place, one in enumerate(told))


def _turn(place: int, told: Turn) -> Message:
    role = ROLES.get(told.role, told.role)
    where = f"messages[{place}]"
    if role not in get_args(MessageRole):
        raise bad(f"{where}: there is no role {told.role!r}.", param="messages")
    calls = tuple(tool_call(where, one) for one in told.tool_calls or ())
    content = text_of(told.content, where)
    return Message(cast(MessageRole, role), content, calls, told.tool_call_id or "")


def tool_call(where: str, told: dict[str, Any]) -> ToolCall:
    """A call that an earlier turn made."""
    function = told.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    arguments = function.get("arguments", "") if isinstance(function, dict) else ""
    id = told.get("id", "")
    if not all(isinstance(text, str) for text in (name, arguments, id)):
        raise bad(f"{where}: a tool call has id, function.name and function.arguments.")
    return ToolCall(id, FunctionCall(str(name), arguments))
