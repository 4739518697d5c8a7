"""Conversations as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tts.backends.openai_http import plain_template
from tts.values import Message

_REMEMBERED = 4096


class Chat:
    """A model's own chat template and tokenizer; a plain wording where it has no template."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._encoded = lru_cache(maxsize=_REMEMBERED)(self._encode)

    def encode(self, messages: Sequence[Message], prefix: str = "") -> tuple[int, ...]:
        """The ids up to the assistant's turn, and of that turn so far.

        The partial text is appended to the rendered template, so that no template can trim it.
        """
        return self._encoded(tuple(messages), prefix)

    def _encode(self, messages: tuple[Message, ...], prefix: str) -> tuple[int, ...]:
        text = self._rendered(messages) + prefix
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))

    def _rendered(self, messages: tuple[Message, ...]) -> str:
        if not getattr(self._tokenizer, "chat_template", None):
            return plain_template(messages)
        turns = [{"role": turn.role, "content": turn.content} for turn in messages]
        rendered: str = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return rendered
