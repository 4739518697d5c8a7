"""What is open while an engine works: models, verifier, prices, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from tts.budget import PriceTable
from tts.equivalence import Equivalence
from tts.executor import Limits
from tts.protocols import Generator
from tts.run import Verifier
from tts.values import Sampling, Usage


@dataclass(frozen=True, kw_only=True)
class Session:
    """Open resources of one event loop; closing it closes them all."""

    generators: Mapping[str, Generator]
    """By name; the first is the default."""
    verifier: Verifier | None
    equivalence: Equivalence
    prices: PriceTable
    limits: Limits
    sampling: Sampling

    def price(self, model: str, usage: Usage) -> Usage:
        """A usage with what it costs by the table; unknown stays unknown.

        A call without a model, of a local tool for example, costs what it reported itself.
        """
        if not model:
            return usage
        price = self.prices.price_of(model)
        cost = None if price is None else price.request_cost(usage)
        return usage if cost == usage.nanodollars else replace(usage, nanodollars=cost)

    def unspent(self, usage: Usage) -> Usage:
        """A sum without any call: nothing is known of what it cost where no price is."""
        model = next(iter(self.generators.values())).model.name
        unpriced = usage.calls == 0 and self.prices.price_of(model) is None
        return replace(usage, nanodollars=None) if unpriced else usage

    async def close(self) -> None:
        for generator in self.generators.values():
            await generator.close()
        close = getattr(self.verifier, "close", None)
        if close is not None:
            await close()
        await self.equivalence.close()
