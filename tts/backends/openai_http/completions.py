"""A reply's choices as completions."""

from __future__ import annotations

from collections.abc import Sequence

from tts.backends.openai_http.apportion import apportion
from tts.backends.openai_http.ending import finish_reason, with_stop
from tts.backends.openai_http.logprobs import token_logprobs
from tts.backends.openai_http.prompt_count import PromptCount
from tts.backends.openai_http.spend import Expected, Spend
from tts.backends.openai_http.wire import WireChoice, WireReply
from tts.values import Completion, TokenLogprob

Slots = list[WireChoice | None]


def slots(reply: WireReply, n: int) -> Slots:
    """One choice per draw by its index, None where the server left it out; extras are dropped."""
    placed: Slots = [None] * n
    for position, choice in enumerate(reply.choices or ()):
        index = position if choice is None or choice.index is None else choice.index
        if choice is not None and 0 <= index < n and placed[index] is None:
            placed[index] = choice
    return placed


def written(choice: WireChoice) -> str:
    """The text of a choice; a reply of thoughts alone has none."""
    if choice.message is None:
        return choice.text or ""
    content = choice.message.content
    if isinstance(content, list):
        return "".join(part.text or "" for part in content if part.type == "text")
    return content or ""


def thoughts(choice: WireChoice) -> str | None:
    """The reasoning that came beside the text."""
    message = choice.message
    return (message.reasoning_content or message.reasoning or None) if message else None


def expected(placed: Slots, prompt_tokens: int, count: PromptCount, most: int) -> Expected:
    """Our own count of a reply: at most `most` tokens for each choice that came."""
    sizes = (min(most, _size(choice, count)) for choice in placed if choice is not None)
    return Expected(prompt_tokens=prompt_tokens, completion_tokens=sum(sizes))


def completions(
    placed: Slots, stops: Sequence[str], paid: Spend, count: PromptCount
) -> tuple[Completion | None, ...]:
    """The draws in order; None for a choice that is missing or broke off.

    Tokens of one draw among several come from its token ids or log-probabilities, otherwise the
    request's total is split in proportion to the texts and flagged.
    """
    usage = paid.usage
    if len(placed) == 1 and placed[0] is not None:
        only = (usage.completion_tokens, usage.reasoning_tokens)
        return (_completion(placed[0], stops, *only, paid.estimated),)
    present = [choice for choice in placed if choice is not None]
    exact = [_exact(choice) for choice in present]
    inferred = paid.estimated
    if len(present) == 1:
        sizes = [usage.completion_tokens]
    elif all(exact):
        sizes, inferred = [size or 0 for size in exact], False
    else:
        weights = [_size(choice, count) for choice in present]
        sizes, inferred = apportion(usage.completion_tokens, weights), True
    reasoning = apportion(usage.reasoning_tokens, sizes)
    shares = iter(zip(sizes, reasoning, strict=True))
    return tuple(
        None if choice is None else _completion(choice, stops, *next(shares), inferred)
        for choice in placed
    )


def _completion(
    choice: WireChoice, stops: Sequence[str], size: int, reasoning: int, inferred: bool
) -> Completion | None:
    reason = finish_reason(choice.finish_reason)
    if reason is None:
        return None
    matched = choice.stop_reason if choice.stop_reason is not None else choice.matched_stop
    text, stop = with_stop(written(choice), stops, matched, reason)
    logprobs: tuple[TokenLogprob, ...] = token_logprobs(choice.logprobs)
    return Completion(
        text=text,
        finish_reason=reason,
        stop=stop,
        completion_tokens=size,
        reasoning_tokens=min(size, reasoning),
        reasoning=thoughts(choice),
        token_ids=tuple(choice.token_ids or ()),
        logprobs=logprobs,
        estimated=inferred,
    )


def _exact(choice: WireChoice) -> int | None:
    if choice.token_ids:
        return len(choice.token_ids)
    wire = choice.logprobs
    listed = (wire.content or wire.tokens) if wire else None
    return len(listed) if listed and not thoughts(choice) else None


def _size(choice: WireChoice, count: PromptCount) -> int:
    """Tokens of a choice by our own count; the end of the text is a token as well."""
    known = _exact(choice)
    return known or count.text_tokens(written(choice) + (thoughts(choice) or "")) + 1
