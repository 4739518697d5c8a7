"""The price of a model: its rates, those of long prompts, and those of batch files."""

from __future__ import annotations

from msgspec import Struct

from tts.values import Usage

MILLION = 1_000_000

VENDORS = (
    *("amazon", "anthropic", "deepseek", "gemini", "google", "meta-ai", "minimax", "mistral"),
    *("mistralai", "models", "moonshot", "moonshotai", "openai", "qwen", "x-ai", "xai"),
)
"""Prefixes that name the maker itself; a reseller's prices are its own."""


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nanodollars per million tokens."""

    prompt: int
    completion: int
    cached: int | None = None
    """Of prompt tokens read from a cache; None: no discount is listed, they cost like others."""

    def cost(self, usage: Usage) -> int:
        """Nanodollars of a usage, rounded half up once."""
        cached = usage.cached_prompt_tokens
        fresh = max(0, usage.prompt_tokens - cached)
        parts = (
            fresh * self.prompt,
            cached * (self.prompt if self.cached is None else self.cached),
            usage.completion_tokens * self.completion,
        )
        return (sum(parts) + MILLION // 2) // MILLION


class LongRates(Rates, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rates of every token of a request whose prompt is longer than some tokens."""

    above: int
    """Prompt tokens; a prompt of exactly as many still has the lower rates."""


class Price(Rates, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rates of one model, and those of its long requests."""

    long: tuple[LongRates, ...] = ()
    """By growing `above`."""
    batch: Rates | None = None
    """By the provider's batch files; None: none are listed, they cost half."""
    since: str = ""
    """The day from which it holds, where that is known: YYYY-MM-DD."""

    def rates(self, prompt_tokens: int) -> Rates:
        """What holds for a request with that many prompt tokens."""
        passed = [rates for rates in self.long if prompt_tokens > rates.above]
        return passed[-1] if passed else self

    def request_cost(self, usage: Usage, *, batched: bool = False) -> int:
        """Nanodollars of one request; the usage of several would seem to have a long prompt.

        `batched`: it travels by a batch file. A long one costs half of what it would cost alone.
        """
        alone = self.rates(usage.prompt_tokens)
        if not batched:
            return alone.cost(usage)
        listed = self.batch if alone is self else None
        return (alone.cost(usage) + 1) // 2 if listed is None else listed.cost(usage)
