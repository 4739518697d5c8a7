"""What a call is charged beside what earlier calls of its Run have paid for."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tts.executor.attempts import Pricer
from tts.executor.call import Call
from tts.run.costs import Paid
from tts.values import NOTHING, Usage


def due(call: Call, alone: Usage, content: Any, usage: Usage, paid: Paid, price: Pricer) -> Usage:
    """What an answered call is charged beside what is paid for; from then on it is paid for, too.

    A text that was scored before is not scored again: equal texts are charged once, whichever of
    them was first.

    Args:
        call: the call.
        alone: what it would have cost without any other.
        content: what it brought.
        usage: with its whole prompt, also where another draw carries that.
        paid: by the earlier calls of its Run.
        price: fills in what a usage of a model costs.
    """
    if call.scores_once:
        if call.key in paid.verdicts:
            return NOTHING
        paid.verdicts.add(call.key)
    if not call.operation.spec.prefixes:
        return alone
    prompt = call.read(paid, content, usage)
    if call.due is not None and call.due.fresh_tokens == prompt + alone.completion_tokens:
        return call.due
    return shared(alone, prompt, call.operation.spec.model, price)


def given_up(call: Call, alone: Usage, price: Pricer) -> Usage:
    """What a call is charged that was dropped on its way: it pays for no prompt that others have,
    so that whoever is charged for a prompt was answered."""
    if not call.operation.spec.prefixes:
        return alone
    return shared(alone, 0, call.operation.spec.model, price)


def shared(alone: Usage, prompt: int, model: str, price: Pricer) -> Usage:
    """A usage of which only `prompt` tokens of the prompt are computed for this call."""
    sent = max(prompt, alone.prompt_tokens)
    if prompt == alone.prompt_tokens:
        return alone
    fresh = prompt + alone.completion_tokens
    flops, tokens, dollars = alone.flops, alone.tokens, alone.nanodollars
    if dollars is not None:
        cached = replace(alone, prompt_tokens=sent, cached_prompt_tokens=sent - prompt)
        dollars = price(model, cached).nanodollars
    return replace(
        alone,
        cached_prompt_tokens=alone.prompt_tokens - min(prompt, alone.prompt_tokens),
        fresh_tokens=fresh,
        fresh_flops=None if flops is None else flops * fresh // tokens if tokens else 0,
        fresh_nanodollars=dollars,
    )
