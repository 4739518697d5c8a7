"""`/v1/completions`: a prompt in, a text out. The model gets the prompt as a user's turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tts.gateway.answers import Choice, Outcome
from tts.gateway.asking import Ask, Wish, wish_of
from tts.gateway.bodies import CompletionBody, decoded, passed, refuse
from tts.gateway.chat import usage_fields
from tts.gateway.errors import bad
from tts.values import Conversation, Message

REFUSED = ("echo", "suffix", "logprobs")


class Completions:
    """Reads requests for completions and writes their answers."""

    def read(self, body: bytes) -> Wish:
        told, raw = decoded(body, CompletionBody)
        refuse(raw, REFUSED)
        prompts = [told.prompt] if isinstance(told.prompt, str) else told.prompt
        if len(prompts) != 1 or not prompts[0].strip():
            raise bad("prompt: one text that is not empty is needed.", param="prompt")
        if told.best_of not in (None, 1, told.n or 1):
            raise bad("best_of: name a strategy, such as model@best_of_n.", param="best_of")
        conversation = Conversation((Message("user", prompts[0]),), passed(raw))
        return wish_of(told, conversation, told.max_tokens)

    def whole(self, outcome: Outcome) -> dict[str, Any]:
        choices = [_choice(one.index, one.text, _finish(one)) for one in outcome.choices]
        return {
            **_head(outcome.ask),
            "choices": choices,
            "usage": usage_fields(outcome.usage),
            "tts": outcome.fields,
        }

    def writer(self, ask: Ask) -> CompletionWriter:
        return CompletionWriter(ask)


class CompletionWriter:
    """The chunks of a streamed completion."""

    done = b"[DONE]"

    def __init__(self, ask: Ask) -> None:
        self._ask, self._head = ask, _head(ask)

    def opening(self) -> Iterator[dict[str, Any]]:
        """A completion has no opening."""
        yield from ()

    def piece(self, text: str) -> Iterator[dict[str, Any]]:
        yield {**self._head, "choices": [_choice(0, text, None)]}

    def closing(self, outcome: Outcome, sent: str) -> Iterator[dict[str, Any]]:
        for one in outcome.choices:
            rest = one.text[len(sent) :] if one.index == 0 else one.text
            yield {**self._head, "choices": [_choice(one.index, rest, _finish(one))]}
        if self._ask.wish.include_usage:
            spent = usage_fields(outcome.usage)
            yield {**self._head, "choices": [], "usage": spent, "tts": outcome.fields}


def _head(ask: Ask) -> dict[str, Any]:
    return {
        "id": f"cmpl-{ask.id}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": ask.model,
    }


def _choice(place: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": place, "text": text, "logprobs": None, "finish_reason": finish}


def _finish(choice: Choice) -> str:
    return "stop" if choice.finish == "tool_calls" else choice.finish
