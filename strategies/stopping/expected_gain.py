"""Best-of-N as a search with a cost per draw."""

from __future__ import annotations

from math import erf, exp, pi, sqrt
from statistics import fmean, stdev

from tts.strategies.stopping.seen import Seen


class ExpectedGain:
    """Stop once one more draw is expected to raise the best score by less than it costs.

    Weitzman's (1979) reservation rule for equal boxes, their scores normal with the mean and the
    deviation seen so far. `cost` is in units of the score, per draw; a few equal scores are no
    proof that the next one is equal, so the deviation is at least `floor`.
    """

    def __init__(self, cost: float = 0.01, *, least: int = 4, floor: float = 0.02) -> None:
        if not 0 < cost < 1:
            raise ValueError(f"cost lies between 0 and 1, not {cost}.")
        if least < 2:
            raise ValueError(f"least is at least 2, not {least}.")
        self.cost, self.least, self.floor = cost, least, floor

    def stops(self, seen: Seen) -> bool:
        scores = [score for score in seen.scores if score is not None]
        if len(scores) < self.least:
            return False
        spread = max(stdev(scores), self.floor)
        return expected_gain(max(scores), fmean(scores), spread) <= self.cost


def expected_gain(best: float, mean: float, spread: float) -> float:
    """E[(X - best)⁺] of a normal X: s·(φ(u) - u·(1 - Φ(u))), u = (best - mean) / s."""
    u = (best - mean) / spread
    density = exp(-u * u / 2) / sqrt(2 * pi)
    return spread * (density - u * (1 - erf(u / sqrt(2))) / 2)
