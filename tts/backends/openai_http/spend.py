"""What a request cost, by the server's report as far as it can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from tts.values import NANO, Model, Usage

SLACK = 8
"""Tokens of a draw or prompt that a count may exceed what is possible by: some servers count the
mark of an end, or one of a beginning. They are accepted and not charged."""
_MOST_DOLLARS = 10**6
_PLAIN = frozenset(("prompt_tokens", "completion_tokens", "total_tokens"))


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
