"""Prices from one source, and how a model finds its own among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tts.budget.price import Price

VENDORS = (
    *("amazon", "anthropic", "deepseek", "gemini", "google", "meta-ai", "minimax", "mistral"),
    *("mistralai", "models", "moonshot", "moonshotai", "openai", "qwen", "x-ai", "xai"),
)
"""Prefixes that name the maker itself; a reseller's prices are its own."""

EDITION = re.compile(r"([-@]\d{8}|-\d{4}-\d{2}-\d{2}|-00\d|-latest)$")
"""Dates and counters of a model's editions, which cost the same unless they are listed."""


class PriceLayer:
    """Prices by model name; a name with `*` stands for all that match, the longest first."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        names = sorted(prices, key=len, reverse=True)
        self._exact = {_plain(name): prices[name] for name in names if "*" not in name}
        self._wild = [(_pattern(name), prices[name]) for name in names if "*" in name]

    def find(self, model_name: str) -> Price | None:
        """The price of a model, listed by name or else matched; None where neither holds."""
        spellings = list(_spellings(_plain(model_name)))
        listed = (self._exact[name] for name in spellings if name in self._exact)
        matched = (price for pattern, price in self._wild if any(map(pattern.fullmatch, spellings)))
        return next(listed, None) or next(matched, None)


def _plain(name: str) -> str:
    """`claude-3.5-haiku` and `claude-3-5-haiku` are one model."""
    return name.strip().lower().replace(".", "-")


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in _plain(name).split("*")), re.DOTALL)


def _spellings(name: str) -> Iterator[str]:
    """A name as it is, without its vendor, and without its edition."""
    yield name
    vendor, slash, rest = name.partition("/")
    if slash and vendor in VENDORS:
        name = rest
        yield name
    yield EDITION.sub("", name)
