"""One setting of the engine's arguments, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Protocol

from msgspec import Struct

Value = int | str
Point = Mapping[str, Value]
"""One value per argument."""
Space = Mapping[str, tuple[Value, ...]]
"""The values of each argument that are tried, in their order."""


class Measured(Struct, frozen=True, kw_only=True, tag="measured"):
    """Throughput of a setting; the warm-up is not among the rates."""

    rates: tuple[float, ...]
    """Tokens per second, one per repeat, at least one."""

    @property
    def rate(self) -> float:
        """The median."""
        return median(self.rates)


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """A setting that the engine refused, or that ended its process."""

    reason: str


Outcome = Measured | Failed


class Tried(Struct, frozen=True, kw_only=True):
    """A finished trial."""

    number: int
    """In the order in which trials began, from 0."""
    point: dict[str, Value]
    outcome: Outcome


class TrialRunner(Protocol):
    """Measures one setting; a crash is an outcome, not an error."""

    def run(self, point: Point) -> Outcome: ...


def best_of(tried: tuple[Tried, ...]) -> tuple[Tried, Measured] | None:
    """The trial with the highest median, the earliest among equals; None where all failed."""
    measured = [(one, one.outcome) for one in tried if isinstance(one.outcome, Measured)]
    return max(measured, key=lambda pair: pair[1].rate, default=None)
