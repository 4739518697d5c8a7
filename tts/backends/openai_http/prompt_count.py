"""How many tokens a prompt has, before it is sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from tts.values import Message

TokenCount = Callable[[str], int]
"""Tokens of a text, special tokens left out."""

Render = Callable[[Sequence[Message], str], str]
"""The whole prompt as text: messages in the model's template, then the prefix."""

_REMEMBERED = 4096


class PromptCount:
    """Exact where it can be, otherwise an upper bound; what the server reported wins.

    With a tokenizer and the model's template the count is exact. Without them a token is at least
    one byte, and the template adds at most `message_tokens` per message and `template_tokens` once
    (a default system prompt, dates, markers).
    """

    def __init__(
        self,
        tokens: TokenCount | None = None,
        *,
        render: Render | None = None,
        message_tokens: int = 8,
        template_tokens: int = 128,
    ) -> None:
        self._tokens = tokens
        self._render = render
        self._message_tokens = message_tokens
        self._template_tokens = template_tokens
        self._counted: OrderedDict[int, int] = OrderedDict()
        """By prompt: what the server reported, until then our own count."""

    def count(self, messages: Sequence[Message], prefix: str) -> int:
        """Tokens of the prompt."""
        prompt = hash((tuple(messages), prefix))
        known = self._counted.get(prompt)
        if known is None:
            known = self._estimate(messages, prefix)
            self._remember(prompt, known)
        return known

    def learn(self, messages: Sequence[Message], prefix: str, prompt_tokens: int) -> None:
        """Keep what the server reported for a prompt; the oldest of many is forgotten."""
        self._remember(hash((tuple(messages), prefix)), prompt_tokens)

    def text_tokens(self, text: str) -> int:
        """Tokens of a generated text: the tokenizer's count, otherwise at most its bytes."""
        return self._tokens(text) if self._tokens else len(text.encode("utf-8", "replace"))

    @property
    def exact(self) -> bool:
        """Whether `text_tokens` is a tokenizer's count."""
        return self._tokens is not None

    def _remember(self, prompt: int, tokens: int) -> None:
        self._counted[prompt] = tokens
        if len(self._counted) > _REMEMBERED:
            self._counted.popitem(last=False)

    def _estimate(self, messages: Sequence[Message], prefix: str) -> int:
        if self._tokens and self._render:
            return self._tokens(self._render(messages, prefix))
        texts = sum(self.text_tokens(message.content) for message in messages)
        added = self._message_tokens * (len(messages) + 1) + self._template_tokens
        return texts + self.text_tokens(prefix) + added
