"""Particle filtering: solutions as particles, a process verifier as their likelihood."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.particle import Weighting
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen
from tts.strategies.search.particles import Particles
from tts.values import Candidate, Problem


class ParticleFiltering:
    """Sequential Monte Carlo over steps (Puri et al. 2025, "Rollout roulette").

    All `n` particles take a step and are weighted by the odds of their score. When few carry the
    weight (effective sample size below `ess_threshold` · n) they are resampled systematically.
    Finished particles keep their weight and their place; copies of one draw vote once.
    """

    name = "particle_filtering"
    bounded = stepwise = True

    def __init__(
        self,
        *,
        n: int = 16,
        rounds: int = 40,
        ess_threshold: float = 0.5,
        weights: Weighting = "replace",
        select: Choice = "weighted",
    ) -> None:
        """Describe the filter.

        Args:
            n: particles.
            rounds: most steps; the last round runs to the end.
            ess_threshold: 0 never resamples; 1 does so at every step, as the paper.
            weights: `replace`: by the score of the text so far, as the paper; `multiply`: by the
                product of the scores since the last resampling.
            select: how the answer is chosen among the finished.
        """
        at_least(1, n=n, rounds=rounds)
        if not 0 <= ess_threshold <= 1:
            raise ValueError(f"ess_threshold lies between 0 and 1, not {ess_threshold}.")
        if weights not in ("replace", "multiply"):
            raise ValueError(f"weights is replace or multiply, not {weights!r}.")
        self.n, self.rounds, self.ess_threshold = n, rounds, ess_threshold
        self.weights: Weighting = weights
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "rounds": self.rounds,
            "ess_threshold": self.ess_threshold,
            "weights": self.weights,
            "select": self.choice,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        swarm = Particles(self.n, ess_threshold=self.ess_threshold, weights=self.weights)
        await swarm.travel(problem, run, self.rounds)
        answer: Candidate | None = await run.call(self.select, swarm.done, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)
