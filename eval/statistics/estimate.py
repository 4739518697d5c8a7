"""A figure with its interval."""

from __future__ import annotations

from msgspec import Struct


class Estimate(Struct, frozen=True):
    """A value between the bounds of its confidence interval."""

    value: float
    low: float
    high: float
