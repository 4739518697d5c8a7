"""One particle."""

from __future__ import annotations

from math import log
from typing import Literal

from msgspec import Struct

from tts.strategies.log_odds import EDGE, log_odds
from tts.values import Scored

Weighting = Literal["replace", "multiply"]
"""By the odds of the text so far, or by the product of its scores since the last resampling."""


class Particle(Struct, frozen=True):
    """A candidate and the logarithm of its weight; no candidate before the first step."""

    scored: Scored | None = None
    weight: float = 0.0

    @property
    def final(self) -> bool:
        return self.scored is not None and self.scored.candidate.final


def moved(particle: Particle, scored: Scored, weighting: Weighting) -> Particle:
    """A particle one step on."""
    value = scored.score.value
    if weighting == "replace":
        return Particle(scored, log_odds(value))
    return Particle(scored, particle.weight + log(max(value, EDGE)))
