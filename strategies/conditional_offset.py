"""Systematic resampling that is sure to keep one particle."""

from __future__ import annotations

from math import floor

import numpy as np


def conditional_offset(expected: float, rng: np.random.Generator) -> float:
    """An offset for `systematic_resample` under which its first particle is chosen.

    `expected`: that particle's share times the number of draws. Distributed as a uniform offset
    given that one chosen copy is the first particle's (Chopin and Singh 2015, section 4).
    """
    whole = floor(expected)
    part = expected - whole
    above = part * (whole + 1) / expected if expected > 0 else 1.0
    low, high = (0.0, part) if rng.random() < above else (part, 1.0)
    return float(low + (high - low) * rng.random())
