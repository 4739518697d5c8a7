"""Prices from LiteLLM's `model_prices_and_context_window.json` (1.109: dollars per token, flat keys)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tts.budget.rates import MILLION, VENDORS, LongRates, Price, Rates
from tts.values import NANO

PARTS = {
    "prompt": "input_cost_per_token",
    "completion": "output_cost_per_token",
    "cached": "cache_read_input_token_cost",
}
"""By our name: the key of a rate, to which a tier's ending is appended."""
TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
MODES = (None, "chat", "completion", "responses")
"""What is paid by tokens of text."""


def is_litellm(content: Mapping[Any, Any]) -> bool:
    """Whether a file is of that form."""
    return any(isinstance(one, dict) and PARTS["prompt"] in one for one in content.values())


def from_litellm(content: Mapping[Any, Any]) -> dict[str, Price]:
    """The prices of models that are paid by tokens of text, under the names that they have there
    and, of makers themselves, without the maker's.

    An entry whose rates are missing or both 0 is left out: there 0 stands for what is not known
    as well as for what is free, and unknown is not zero.
    """
    found = {
        str(name): price
        for name, entry in content.items()
        if name != "sample_spec" and isinstance(entry, dict) and entry.get("mode") in MODES
        if (price := _price(entry)) is not None
    }
    for name, price in list(found.items()):
        maker, slash, rest = name.partition("/")
        if slash and maker in VENDORS:
            found.setdefault(rest, price)
    return found


def _price(entry: Mapping[str, Any]) -> Price | None:
    plain = _rates(entry, "")
    if plain is None or not (plain["prompt"] or plain["completion"]):
        return None
    batch = _rates(entry, "_batches")
    above = sorted(int(found[1]) for key in entry if (found := TIER.fullmatch(key)))
    tiers = {tier: _rates(entry, f"_above_{tier}k_tokens") for tier in above}
    long = [LongRates(above=tier * 1000, **rates) for tier, rates in tiers.items() if rates]
    return Price(**plain, long=tuple(long), batch=Rates(**batch) if batch else None)


def _rates(entry: Mapping[str, Any], tier: str) -> dict[str, Any] | None:
    """Nanodollars per million tokens; None where prompt or completion has no rate."""
    found = {part: _amount(entry.get(key + tier)) for part, key in PARTS.items()}
    known = {part: amount for part, amount in found.items() if amount is not None}
    return known if {"prompt", "completion"} <= set(known) else None


def _amount(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        dollars = Decimal(str(value))
    except ArithmeticError:
        return None
    return round(dollars * MILLION * NANO) if dollars.is_finite() and dollars >= 0 else None
