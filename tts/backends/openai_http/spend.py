"""What a request cost, by the server's report as far as it can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from tts.values import NANO, Model, Usage

_MOST = 10**9
"""A count of tokens above this is garbage."""
_MOST_DOLLARS = 10**6
_PLAIN = frozenset(("prompt_tokens", "completion_tokens", "total_tokens"))


class Expected(Struct, frozen=True, kw_only=True, gc=False):
    """What a request would cost by our own count: used wherever the report cannot be."""

    prompt_tokens: int
    completion_tokens: int


class Spend(Struct, frozen=True, kw_only=True, gc=False):
    """A request's usage and how far it is the server's word."""

    usage: Usage
    estimated: bool
    """A needed count was missing or impossible and was replaced by our own."""
    server_price: bool


def believed(report: Any, model: Model) -> Spend | None:
    """The common case at one look: counts that add up, and nothing else. None: look closer."""
    if type(report) is not dict or not _PLAIN.issuperset(
        [name for name, value in report.items() if value is not None]
    ):
        return None
    prompt, completion = report.get("prompt_tokens"), report.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int:
        return None
    likely = 0 < prompt <= (model.context_length or _MOST) and 0 < completion <= _MOST
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

    A prompt without tokens, a written text without tokens, negatives, fractions, strings and
    impossible sizes are not believed. Where `total_tokens` exceeds the sum of its parts the
    difference counts as completion (some gateways leave the thoughts out of it), flagged.
    """
    fields: Mapping[str, Any] = report if isinstance(report, Mapping) else {}
    prompt = _count(fields.get("prompt_tokens"), model.context_length or _MOST)
    completion = _count(fields.get("completion_tokens"), _MOST)
    total = _count(fields.get("total_tokens"), 2 * _MOST)
    unbelieved = not prompt or completion is None or (not completion and _wrote(expected))
    prompt = prompt or expected.prompt_tokens
    completion = completion or expected.completion_tokens
    mismatch = total is not None and total != prompt + completion
    if total is not None and not unbelieved:
        completion = max(completion, total - prompt)
    price = _nanodollars(fields.get("cost"))
    return Spend(
        usage=_usage(prompt, completion, price, fields, model),
        estimated=unbelieved or mismatch,
        server_price=price is not None,
    )


def _usage(
    prompt: int, completion: int, price: int | None, fields: Mapping[str, Any], model: Model
) -> Usage:
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        cached_prompt_tokens=min(prompt, _cached(fields)),
        completion_tokens=completion,
        reasoning_tokens=min(completion, _reasoning(fields)),
        nanodollars=price,
        flops=model.parameters and 2 * model.parameters * (prompt + completion),
        gpu_microseconds=None,
    )


def _wrote(expected: Expected) -> bool:
    return expected.completion_tokens > 0


def _count(value: Any, most: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= most else None


def _cached(fields: Mapping[str, Any]) -> int:
    details = fields.get("prompt_tokens_details")
    named = details.get("cached_tokens") if isinstance(details, Mapping) else None
    places = (named, fields.get("prompt_cache_hit_tokens"), fields.get("cached_tokens"))
    return max(_count(place, _MOST) or 0 for place in places)


def _reasoning(fields: Mapping[str, Any]) -> int:
    details = fields.get("completion_tokens_details")
    named = details.get("reasoning_tokens") if isinstance(details, Mapping) else None
    return _count(named, _MOST) or _count(fields.get("reasoning_tokens"), _MOST) or 0


def _nanodollars(cost: Any) -> int | None:
    """OpenRouter's `usage.cost`, in dollars; anything that is no amount of money is unknown."""
    if cost is None or isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    try:
        dollars = Decimal(str(cost))
    except InvalidOperation:
        return None
    return round(dollars * NANO) if dollars.is_finite() and 0 <= dollars <= _MOST_DOLLARS else None
