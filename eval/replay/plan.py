"""What can be replayed: draws in batches, a rule that ends them, and a choice among them."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.replay.trails import Selection
from tts.strategies.parts.stopping import Never, StopRule

MOST = 1000
"""Draws of a plan that names no number: as many as were recorded."""


class Plan(Struct, frozen=True, kw_only=True):
    """At most `n` draws, `batch` at once, a rule that ends them, and a choice among them."""

    label: str
    n: int
    batch: int
    rule: StopRule
    choice: Selection
    first: int | None = None
    """So many of the first to finish with an answer vote, and the others are dropped."""

    @property
    def stops(self) -> bool:
        """Whether it may do with less than all draws."""
        return self.first is not None or not isinstance(self.rule, Never)

    @property
    def scored(self) -> bool:
        """Whether it looks at scores, which then have to be paid for."""
        return self.choice in ("best", "weighted")

    def full(self) -> Plan:
        """The same choice among all draws."""
        n, choice = self.n, self.choice
        return Plan(label=f"all {n} draws", n=n, batch=n, rule=Never(), choice=choice)
