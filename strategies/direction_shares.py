"""Rollout shares that count every direction once."""

from __future__ import annotations

from collections.abc import Sequence

from tts.strategies.parts.width import normalised

QUALITY = 0.1
UNIQUENESS = 0.01
"""Temperatures of the paper: T_b over scores, T_s over similarities."""


def direction_shares(
    scores: Sequence[float],
    similarity: Sequence[Sequence[float]],
    *,
    temperature: float = QUALITY,
) -> list[float]:
    """w_i γ_i, normalised: quality times how much of its direction a candidate is.

    w is the softmax of scores, γ_i the diagonal of the row-wise softmax of the similarities
    (Wang et al. 2025, DORA, section 4): k equal candidates have γ = 1/k each.
    """
    quality = normalised([score / temperature for score in scores])
    unique = [
        normalised([value / UNIQUENESS for value in row])[i] for i, row in enumerate(similarity)
    ]
    raw = [w * gamma for w, gamma in zip(quality, unique, strict=True)]
    whole = sum(raw)
    return [value / whole for value in raw]
