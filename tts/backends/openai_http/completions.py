"""The draws of a reply, with their shares of its bill."""

from __future__ import annotations

from collections.abc import Sequence

from tts.backends.openai_http.reply import (
    WireChoice,
    WireReply,
    ending,
    thoughts,
    token_logprobs,
    with_stop,
    written,
)
from tts.backends.openai_http.usage import PromptCount, Spend
from tts.values import Completion, Sampling, TokenLogprob

Slots = list[WireChoice | None]


def slots(reply: WireReply, n: int) -> Slots:
    """One choice per draw by its index, None where the server left it out; extras are dropped."""
    placed: Slots = [None] * n
    for position, choice in enumerate(reply.choices or ()):
        index = position if choice is None or choice.index is None else choice.index
        if choice is not None and 0 <= index < n and placed[index] is None:
            placed[index] = choice
    return placed


def own_count(placed: Slots, count: PromptCount, most: int) -> int:
    """Completion tokens of a reply by our own count: at most `most` for each choice that came."""
    return sum(min(most, _size(choice, count)) for choice in placed if choice is not None)


def completions(
    placed: Slots, sampling: Sampling, paid: Spend, count: PromptCount
) -> tuple[Completion | None, ...]:
    """The draws in order; None for a choice that is missing or broke off.

    Tokens of one draw among several come from its token ids or log-probabilities, otherwise the
    request's total is split in proportion to the texts and flagged.
    """
    usage = paid.usage
    if len(placed) == 1 and placed[0] is not None:
        only = (usage.completion_tokens, usage.reasoning_tokens)
        return (_completion(placed[0], sampling, *only, paid.estimated),)
    present = [choice for choice in placed if choice is not None]
    sizes, inferred = _shares(present, sampling.max_tokens, paid, count)
    reasoning = apportion(usage.reasoning_tokens, sizes)
    shares = iter(zip(sizes, reasoning, strict=True))
    return tuple(
        None if choice is None else _completion(choice, sampling, *next(shares), inferred)
        for choice in placed
    )


def _shares(
    present: Sequence[WireChoice], most: int, paid: Spend, count: PromptCount
) -> tuple[list[int], bool]:
    """Tokens of each of several draws, none above what was asked, and whether they are inferred."""
    total, exact = paid.usage.completion_tokens, [_exact(choice) for choice in present]
    if len(present) == 1:
        return [min(most, total)], paid.estimated
    if all(exact):
        return [min(most, size or 0) for size in exact], False
    weights = [_size(choice, count) for choice in present]
    return [min(most, share) for share in apportion(total, weights)], True


def _completion(
    choice: WireChoice, sampling: Sampling, size: int, reasoning: int, inferred: bool
) -> Completion | None:
    reason = ending(choice, tokens=size, most=sampling.max_tokens)
    if reason is None:
        return None
    matched = choice.stop_reason if choice.stop_reason is not None else choice.matched_stop
    text, stop = with_stop(written(choice), sampling.stop, matched, reason)
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
    return known or count.estimated_tokens(written(choice) + (thoughts(choice) or "")) + 1


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares in proportion to the weights that sum to the total (largest remainder).

    All weights zero count as equal; no weights give no shares.
    """
    if not total:
        return [0] * len(weights)
    if not weights:
        return []
    used = weights if any(weights) else [1] * len(weights)
    whole = sum(used)
    shares = [total * weight // whole for weight in used]
    by_remainder = sorted(range(len(used)), key=lambda i: -(total * used[i] % whole))
    for position in by_remainder[: total - sum(shares)]:
        shares[position] += 1
    return shares
