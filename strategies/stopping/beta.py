"""Adaptive consistency with the Beta criterion."""

from __future__ import annotations

from math import comb

from tts.strategies.stopping.seen import Seen


class Beta:
    """Stop once the leader beats the runner-up with this probability (Aggarwal et al. 2023).

    With the default .95: stops at 4-0, goes on at 5-1, stops at 6-1.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        if not 0.5 < confidence < 1:
            raise ValueError(f"confidence lies between 0.5 and 1, not {confidence}.")
        self.confidence = confidence

    def stops(self, seen: Seen) -> bool:
        leader, runner_up = (*seen.counts, 0, 0)[:2]
        return leads(leader, runner_up) >= self.confidence


def leads(leader: int, runner_up: int) -> float:
    """P(p₁ > p₂) under Beta(leader + 1, runner_up + 1): a binomial tail, so a finite sum.

    The integral of the paper equals P[Binomial(a + b + 1, ½) ≤ a].
    """
    trials = leader + runner_up + 1
    return float(sum(comb(trials, k) for k in range(leader + 1)) / 2**trials)
