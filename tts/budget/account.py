"""A ceiling that holds under any concurrency, and whose refusals do not depend on timing."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from tts.errors import BudgetExhausted, UnknownPrice
from tts.values import NOTHING, Dimension, Usage, in_words

Amounts = tuple[int, ...]

UNKNOWN: Mapping[str, str] = {
    "nanodollars": "dollars, and a model's price is unknown: give it a price (tts prices, "
    "--prices FILE) or cap tokens",
    "flops": "flops, and a model's size is unknown: cap tokens or calls",
    "fresh_tokens": "fresh tokens, and what was spent in them is not on record: cap tokens",
    "gpu_microseconds": "gpu_seconds, and no backend measures them: cap flops, tokens or seconds",
}
"""By dimension that may be unknown: what is capped, why that cannot hold, and what can."""


def unknown(dimension: str, scope: str = "budget") -> UnknownPrice:
    """The error of a ceiling in a dimension that nobody can count."""
    return UnknownPrice(f"The {scope} caps {UNKNOWN.get(dimension, dimension)}.")


class Account:
    """Spent and reserved amounts under ceilings, in the capped dimensions only.

    `hold` reserves a worst case, `settle` turns it into what was really spent. The sum of both
    never passes a ceiling as long as every settlement stays within its hold.
    """

    def __init__(self, ceilings: Mapping[Dimension, int], *, scope: str = "budget") -> None:
        self.dimensions: tuple[Dimension, ...] = tuple(ceilings)
        self.ceilings: Amounts = tuple(ceilings.values())
        self.capped = bool(self.dimensions)
        self._several = len(self.dimensions) > 1
        self._read = attrgetter(*(self.dimensions or ("calls",)))
        self.scope = scope
        self.spent = NOTHING
        """In every dimension, capped or not."""
        self.open = 0
        """Holds not yet settled."""
        self._spent = [0] * len(self.ceilings)
        self._held = [0] * len(self.ceilings)

    def amounts(self, usage: Usage) -> Amounts:
        """A usage in the capped dimensions; an unknown amount cannot stand under a ceiling."""
        if not self.dimensions:
            return ()
        found: Any = self._read(usage)
        values: Amounts = found if self._several else (found,)
        if None in values:
            raise unknown(self.dimensions[values.index(None)], self.scope)
        return values

    def fits(self, amounts: Amounts, beside: Amounts | None = None) -> bool:
        """Whether an amount fits beside what is spent, held and (optionally) foreseen."""
        for i, need in enumerate(amounts):
            more = beside[i] if beside else 0
            if self._spent[i] + self._held[i] + need + more > self.ceilings[i]:
                return False
        return True

    def hold(self, amounts: Amounts) -> None:
        self.open += 1
        for i, amount in enumerate(amounts):
            self._held[i] += amount

    def settle(self, held: Amounts, usage: Usage) -> None:
        """Replace a hold by what was spent; unknown dollars under no dollar cap are fine."""
        self.open -= 1
        for i, amount in enumerate(held):
            self._held[i] -= amount
        self.charge(usage)

    def charge(self, usage: Usage) -> None:
        """Add what was spent without a hold of its own."""
        for i, amount in enumerate(self.amounts(usage)):
            self._spent[i] += amount
        self.spent = self.spent + usage

    def raise_ceilings(self, more: Mapping[Dimension, int]) -> None:
        """Make room: a further leased block, or the share set aside for the end."""
        self.ceilings = tuple(
            cap + more.get(name, 0)
            for name, cap in zip(self.dimensions, self.ceilings, strict=True)
        )

    def left(self) -> dict[Dimension, int]:
        """Room per capped dimension, reservations taken as spent."""
        rows = zip(self.dimensions, self.ceilings, self._spent, self._held, strict=True)
        return {name: max(0, cap - spent - held) for name, cap, spent, held in rows}

    def refusal(self, amounts: Amounts) -> BudgetExhausted:
        """The error that says which dimension does not fit, and by how much."""
        room = self.left()
        pairs: list[tuple[Dimension, int]] = list(zip(self.dimensions, amounts, strict=True))
        name, need = next((pair for pair in pairs if pair[1] > room[pair[0]]), pairs[0])
        return BudgetExhausted(in_words(name, need), in_words(name, room[name]), self.scope)
