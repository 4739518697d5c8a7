"""Particle Gibbs: particle filters that each start from a solution of the one before."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.particle import Weighting
from tts.strategies.particle_filtering import ParticleFiltering
from tts.strategies.parts.select import Choice
from tts.strategies.search.particles import Particles
from tts.values import Candidate, Problem, Scored


class ParticleGibbs(ParticleFiltering):
    """Iterated conditional particle filtering (Andrieu et al. 2010; Puri et al. 2025).

    Each iteration filters `n // iterations` particles. One of them, drawn by weight, is the
    reference of the next iteration: it takes part with its weight at each step, free of cost.
    """

    name = "particle_gibbs"

    def __init__(
        self,
        *,
        n: int = 16,
        iterations: int = 2,
        rounds: int = 40,
        ess_threshold: float = 0.5,
        weights: Weighting = "replace",
        select: Choice = "weighted",
    ) -> None:
        """`n`: particles of all iterations together; the others are ParticleFiltering's."""
        super().__init__(
            n=n, rounds=rounds, ess_threshold=ess_threshold, weights=weights, select=select
        )
        at_least(1, iterations=iterations)
        if n < 2 * iterations:
            raise ValueError(f"n ({n}) holds at least 2 particles per iteration.")
        self.iterations = iterations

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "iterations": self.iterations}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        done: list[Scored] = []
        reference: list[Scored] = []
        for _ in range(self.iterations):
            swarm = Particles(
                self.n // self.iterations,
                ess_threshold=self.ess_threshold,
                weights=self.weights,
                reference=reference,
            )
            await swarm.travel(problem, run, self.rounds)
            done += swarm.done
            reference = self._reference(swarm, run)
        answer: Candidate | None = await run.call(self.select, done, run)
        return answer

    def _reference(self, swarm: Particles, run: Run) -> list[Scored]:
        """The steps of one particle, drawn by weight, each with its score."""
        if not swarm.swarm:
            return []
        place = int(run.rng.choice(len(swarm.swarm), p=swarm.shares))
        drawn = swarm.swarm[place].scored
        path: list[Scored] = []
        candidate = drawn.candidate if drawn else None
        while candidate is not None:
            score = run.kept.score_of(candidate)
            path = [Scored(candidate, score), *path] if score else path
            candidate = candidate.parent
        return path
