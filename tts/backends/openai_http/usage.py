"""Tokens and money of a request: counted before it is sent, read from its reply."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import Any

from msgspec import Struct

from tts.values import BYTES_PER_TOKEN, NANO, Message, Model, Usage

TokenCount = Callable[[str], int]
"""Tokens of a text, special tokens left out."""

Render = Callable[[Sequence[Message], str], str]
"""The whole prompt as text: messages in the model's template, then the prefix."""

_LONGEST = 16
"""Bytes per token above which a reported count is not reserved by: it leaves something out."""
_SAMPLE = 256
"""Bytes of generated text that have to be counted before their ratio is used."""
_ENOUGH = 1 << 16
"""Bytes of generated text from which on their ratio is known."""
_REMEMBERED = 4096
SLACK = 8
"""Tokens of a draw or prompt that a count may exceed what is possible by: some servers count the
mark of an end, or one of a beginning. They are accepted and not charged."""
_MOST_DOLLARS = 10**6
_PLAIN = frozenset(("prompt_tokens", "completion_tokens", "total_tokens"))


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

    @property
    def knows_texts(self) -> bool:
        """Whether so much text was counted that more of it changes nothing."""
        return self._text_bytes >= _ENOUGH

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
        texts = sum(self.text_tokens(text) for message in messages for text in _texts(message))
        added = self._message_tokens * (len(messages) + 1) + self._template_tokens
        return texts + self.text_tokens(prefix) + added


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _size(messages: Sequence[Message], prefix: str) -> int:
    texts = (text for message in messages for text in _texts(message))
    return sum(map(_bytes, texts)) + _bytes(prefix)


def _texts(message: Message) -> Iterator[str]:
    yield message.content
    if message.tool_call_id:
        yield message.tool_call_id
    for call in message.tool_calls:
        yield f"{call.id} {call.type} {call.function.name} {call.function.arguments}"


class Expected(Struct, frozen=True, kw_only=True, gc=False):
    """What a request would cost by our own count, and the most that it can cost."""

    prompt_tokens: int
    """Used wherever the report cannot be."""
    completion_tokens: int
    most_prompt_tokens: int
    """What was reserved for the prompt."""
    most_completion_tokens: int
    """`max_tokens` of all draws together."""
    draws: int = 1


class Spend(Struct, frozen=True, kw_only=True, gc=False):
    """A request's usage and how far it is the server's word."""

    usage: Usage
    estimated: bool
    """A needed count was missing or impossible and was replaced by our own."""
    server_price: bool


def believed(report: Any, model: Model, *, most_prompt: int, most_completion: int) -> Spend | None:
    """The common case at one look: counts that add up, and nothing else. None: look closer."""
    if type(report) is not dict or not _PLAIN.issuperset(
        [name for name, value in report.items() if value is not None]
    ):
        return None
    prompt, completion = report.get("prompt_tokens"), report.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int:
        return None
    likely = 0 < prompt <= most_prompt and 0 < completion <= most_completion
    if not likely or report.get("total_tokens") != prompt + completion:
        return None
    flops = model.parameters and 2 * model.parameters * (prompt + completion)
    usage = Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=completion,
        nanodollars=None,
        flops=flops,
        gpu_microseconds=None,
    )
    return Spend(usage=usage, estimated=False, server_price=False)


def spend(report: Any, expected: Expected, model: Model) -> Spend:
    """Read a reply's `usage`.

    A prompt without tokens, a written text without tokens, negatives, fractions, strings and more
    than can have been drawn are not believed: our own count stands in their place, flagged. So no
    report is charged above what was reserved. Where `total_tokens` exceeds the sum of its parts
    the difference counts as completion (some gateways leave the thoughts out of it), flagged.
    """
    fields: Mapping[str, Any] = report if isinstance(report, Mapping) else {}
    most_prompt, most = expected.most_prompt_tokens, expected.most_completion_tokens
    told_prompt = _within(fields.get("prompt_tokens"), most_prompt + SLACK)
    told = _within(fields.get("completion_tokens"), most + SLACK * expected.draws)
    unbelieved = not told_prompt or told is None or (not told and _wrote(expected))
    prompt = min(most_prompt, told_prompt or expected.prompt_tokens)
    completion = min(most, told or expected.completion_tokens)
    total = fields.get("total_tokens")
    mismatch = total is not None and not unbelieved and total != (told_prompt or 0) + (told or 0)
    if mismatch:
        rest = _within(total, prompt + most + SLACK * (1 + expected.draws))
        completion = min(most, max(completion, (rest or 0) - prompt))
    cached, reasoning = _cached(fields), _reasoning(fields)
    price = _nanodollars(fields.get("cost"))
    usage = Usage(
        calls=1,
        prompt_tokens=prompt,
        cached_prompt_tokens=min(prompt, cached),
        completion_tokens=completion,
        reasoning_tokens=min(completion, reasoning),
        nanodollars=price,
        flops=model.parameters and 2 * model.parameters * (prompt + completion),
        gpu_microseconds=None,
    )
    contrary = cached > prompt + SLACK or reasoning > completion + SLACK * expected.draws
    return Spend(
        usage=usage,
        estimated=unbelieved or mismatch or contrary,
        server_price=price is not None,
    )


def reported_prompt(report: Any) -> int | None:
    """The prompt tokens that a report names, believed or not; None where it names no count."""
    return _count(report.get("prompt_tokens")) if isinstance(report, Mapping) else None


def _wrote(expected: Expected) -> bool:
    return expected.completion_tokens > 0


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def _within(value: Any, most: int) -> int | None:
    """A count, unless it is above what is possible."""
    count = _count(value)
    return None if count is None or count > most else count


def _cached(fields: Mapping[str, Any]) -> int:
    details = fields.get("prompt_tokens_details")
    named = details.get("cached_tokens") if isinstance(details, Mapping) else None
    places = (named, fields.get("prompt_cache_hit_tokens"), fields.get("cached_tokens"))
    return max(_count(place) or 0 for place in places)


def _reasoning(fields: Mapping[str, Any]) -> int:
    details = fields.get("completion_tokens_details")
    named = details.get("reasoning_tokens") if isinstance(details, Mapping) else None
    return _count(named) or _count(fields.get("reasoning_tokens")) or 0


def _nanodollars(cost: Any) -> int | None:
    """OpenRouter's `usage.cost`, in dollars; anything that is no amount of money is unknown."""
    if cost is None or isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    try:
        dollars = Decimal(str(cost))
    except (InvalidOperation, ValueError):
        return None
    return round(dollars * NANO) if dollars.is_finite() and 0 <= dollars <= _MOST_DOLLARS else None
