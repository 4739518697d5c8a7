"""Weights out of their logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum


def normalised(logs: Sequence[float]) -> list[float]:
    """exp of each, scaled to sum to 1: the softmax."""
    highest = max(logs)
    raw = [exp(value - highest) for value in logs]
    whole = fsum(raw)
    return [value / whole for value in raw]
