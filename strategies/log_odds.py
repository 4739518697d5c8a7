"""A score as evidence."""

from __future__ import annotations

from math import log

EDGE = 1e-7
"""Scores nearer to 0 or 1 count as this near."""


def log_odds(score: float) -> float:
    """log(s / (1 - s)) of a score, clipped so that it is finite."""
    clipped = min(max(score, EDGE), 1 - EDGE)
    return log(clipped) - log(1 - clipped)
