"""How many tokens a prompt has, before it is sent, and a text whose count nobody reported."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import ceil

from tts.values import Message

TokenCount = Callable[[str], int]
"""Tokens of a text, special tokens left out."""

Render = Callable[[Sequence[Message], str], str]
"""The whole prompt as text: messages in the model's template, then the prefix."""

BYTES_PER_TOKEN = 3.5
"""Of a text in UTF-8, until replies that have counts say better."""
_LONGEST = 16
"""Bytes per token above which a reported count is not reserved by: it leaves something out."""
_SAMPLE = 256
"""Bytes of generated text that have to be counted before their ratio is used."""
_REMEMBERED = 4096


class PromptCount:
    """Exact where it can be, otherwise an upper bound; what the server reported wins.

    With a tokenizer and the model's template the count is exact. Without them a token is at least
    one byte, and the template adds at most `message_tokens` per message and `template_tokens` once
    (a default system prompt, dates, markers). Upper bounds are for reserving; what stands in for a
    count that never came is an estimate: by the tokenizer, else by the bytes per token of the
    replies that had counts.
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
        """By prompt: the most that the server reported, until then our own count."""
        self._reported: set[int] = set()
        """Prompts whose count is the server's."""
        self._text_bytes = self._text_tokens = 0
        """Of generated texts that the server counted."""
        self._added = self._prompts = 0
        """Tokens that its template added to the prompts that it counted, and how many they were."""

    def count(self, messages: Sequence[Message], prefix: str) -> int:
        """Tokens of the prompt, at most."""
        prompt = hash((tuple(messages), prefix))
        known = self._counted.get(prompt)
        if known is None:
            known = self._bound(messages, prefix)
            self._remember(prompt, known)
        return known

    def estimate(self, messages: Sequence[Message], prefix: str) -> int:
        """Tokens of a prompt whose count was not reported: the likeliest number, not a bound."""
        most = self.count(messages, prefix)
        if self._tokens or hash((tuple(messages), prefix)) in self._reported:
            return most
        usual = self._message_tokens * (len(messages) + 1)
        added = self._added // self._prompts if self._prompts else usual
        return max(1, min(most, self.estimated_size(_size(messages, prefix)) + added))

    def learn(self, messages: Sequence[Message], prefix: str, prompt_tokens: int) -> None:
        """Keep the most that the server reported for a prompt, as far as it is possible at all.

        The oldest of many prompts is forgotten. A count that would make its tokens impossibly long
        is not reserved by.
        """
        prompt = hash((tuple(messages), prefix))
        known = prompt in self._reported
        if known and self._counted[prompt] >= prompt_tokens:
            return
        size, bound = _size(messages, prefix), self._bound(messages, prefix)
        if not 0 < prompt_tokens <= bound or size > prompt_tokens * _LONGEST:
            return
        self._reported.add(prompt)
        self._remember(prompt, prompt_tokens)
        self._added += max(0, prompt_tokens - self.estimated_size(size))
        self._prompts += 1

    def learn_text(self, text: str, tokens: int) -> None:
        """Note what the server counted for a generated text; a token has at least one byte."""
        size = _bytes(text)
        if 0 < tokens <= size + 1:
            self._text_bytes += size
            self._text_tokens += tokens

    def text_tokens(self, text: str) -> int:
        """Tokens of a text: the tokenizer's count, otherwise at most its bytes."""
        return self._tokens(text) if self._tokens else _bytes(text)

    def estimated_tokens(self, text: str) -> int:
        """Tokens of a generated text: the tokenizer's count, otherwise the likeliest number."""
        return self._tokens(text) if self._tokens else self.estimated_size(_bytes(text))

    def estimated_size(self, size: int) -> int:
        """Tokens of a generated text of so many bytes."""
        if self._text_bytes < _SAMPLE:
            return ceil(size / BYTES_PER_TOKEN)
        return ceil(size * self._text_tokens / self._text_bytes)

    def _remember(self, prompt: int, tokens: int) -> None:
        self._counted[prompt] = tokens
        if len(self._counted) > _REMEMBERED:
            forgotten, _ = self._counted.popitem(last=False)
            self._reported.discard(forgotten)

    def _bound(self, messages: Sequence[Message], prefix: str) -> int:
        if self._tokens and self._render:
            return self._tokens(self._render(messages, prefix))
        texts = sum(self.text_tokens(message.content) for message in messages)
        added = self._message_tokens * (len(messages) + 1) + self._template_tokens
        return texts + self.text_tokens(prefix) + added


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _size(messages: Sequence[Message], prefix: str) -> int:
    return sum(_bytes(message.content) for message in messages) + _bytes(prefix)
