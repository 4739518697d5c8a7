"""One number from the scores of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, prod
from typing import Literal, assert_never

Aggregate = Literal["last", "min", "prod", "mean"]
"""How step scores become one score (Lightman et al., 2023; Snell et al., 2024, section 5.1)."""


def aggregate(steps: Sequence[float], how: Aggregate) -> float:
    """The score of a solution from those of its steps; ValueError where there is no step."""
    if not steps:
        raise ValueError("A solution without step scores has no aggregate.")
    match how:
        case "last":
            return steps[-1]
        case "min":
            return min(steps)
        case "prod":
            return prod(steps)
        case "mean":
            return fsum(steps) / len(steps)
    assert_never(how)
