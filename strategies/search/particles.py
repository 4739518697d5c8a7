"""Particle filtering and particle Gibbs: solutions as particles, a verifier as their likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, groupby
from math import floor, fsum, log
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tts.run import Node, Run, Until
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.expand import affordable_width, expand, normalised, rounds
from tts.strategies.parts.select import Choice, Select, chosen
from tts.values import Candidate, Problem, Scored

Weighting = Literal["replace", "multiply"]
"""By the odds of the text so far, or by the product of its scores since the last resampling."""

EDGE = 1e-7
"""Scores nearer to 0 or 1 count as this near."""


class ParticleFiltering(StrategyBase):
    """Sequential Monte Carlo over steps (Puri et al. 2025, "Rollout roulette").

    All `n` particles take a step and are weighted by the odds of their score. When few carry the
    weight (effective sample size below `ess_threshold` · n) they are resampled systematically.
    Finished particles keep their weight and their place; copies of one draw vote once.
    """

    name = "particle_filtering"
    bounded = stepwise = True
    reads = False

    n: int = 16
    """Particles."""
    rounds: int = 40
    """Most steps; the last round runs to the end."""
    ess_threshold: float = 0.5
    """0 never resamples; 1 does so at every step, as the paper."""
    weights: Weighting = "replace"
    """`replace`: by the score of the text so far, as the paper; `multiply`: by the product of the
    scores since the last resampling."""
    select: Choice = "weighted"
    """How the answer is chosen among the finished."""

    def check(self) -> None:
        at_least(1, n=self.n, rounds=self.rounds)
        if not 0 <= self.ess_threshold <= 1:
            raise ValueError(f"ess_threshold lies between 0 and 1, not {self.ess_threshold}.")
        if self.weights not in ("replace", "multiply"):
            raise ValueError(f"weights is replace or multiply, not {self.weights!r}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        swarm = Particles(self.n, ess_threshold=self.ess_threshold, weights=self.weights)
        narrow = affordable_width(run, self.n) < self.n
        await swarm.travel(problem, run, self.rounds)
        if narrow and len(swarm.done) < self.n:
            return await self.finish(problem, run)
        answer: Candidate | None = await run.call(self.selection(), swarm.done, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)


class ParticleGibbs(ParticleFiltering):
    """Iterated conditional particle filtering (Andrieu et al. 2010; Puri et al. 2025).

    Each iteration filters `n // iterations` particles. One of them, drawn by weight, is the
    reference of the next iteration: it takes part with its weight at each step, free of cost.
    """

    name = "particle_gibbs"

    iterations: int = 2
    """Filters, each of an equal part of the `n` particles."""

    def check(self) -> None:
        super().check()
        at_least(1, iterations=self.iterations)
        if self.n < 2 * self.iterations:
            raise ValueError(f"n ({self.n}) holds at least 2 particles per iteration.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        done: list[Scored] = []
        reference: list[Scored] = []
        narrow = affordable_width(run, self.n // self.iterations) < self.n // self.iterations
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
        if narrow and len(done) < self.n:
            return await self.finish(problem, run)
        answer: Candidate | None = await run.call(self.selection(), done, run)
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


class Particles:
    """`n` particles of one problem, or as many as the budget affords, and what they finished.

    With a `reference`, the steps of an earlier solution with their scores, the first particle
    follows it and survives every resampling: conditional sequential Monte Carlo (Andrieu et al.
    2010, particle Gibbs). Its weight at each step is that of the step, not of its end.
    """

    def __init__(
        self,
        n: int,
        *,
        ess_threshold: float,
        weights: Weighting,
        reference: Sequence[Scored] = (),
    ) -> None:
        self.n, self.threshold = n, ess_threshold
        self.weighting: Weighting = weights
        self.swarm = [Particle()] * n
        self.reference, self.turn = reference, 0
        self.done: list[Scored] = []

    @property
    def shares(self) -> list[float]:
        """The particles' normalised weights."""
        return normalised([particle.weight for particle in self.swarm])

    async def travel(self, problem: Problem, run: Run, most: int) -> None:
        """Step and resample until every particle is finished, or `most` steps are taken."""
        self.swarm = self.swarm[: affordable_width(run, self.n)]
        for until in rounds(most):
            await self._step(problem, run, until)
            if all(particle.final for particle in self.swarm):
                break
            self._resample(run)

    async def _step(self, problem: Problem, run: Run, until: Until) -> None:
        """Move every live particle by a draw of its own; one whose draw fails is lost."""
        guided, free = self._guided()
        arrived = await run.all(self._moves(free, problem, run, until))
        self.done += [one.scored for one in arrived if one.scored and one.final]
        self.swarm = [*guided, *(one for one in free if one.final), *arrived]

    def _guided(self) -> tuple[list[Particle], list[Particle]]:
        """The particle that follows the reference, one step on, and the others."""
        if not self.reference:
            return [], self.swarm
        first, turn = self.swarm[0], self.turn
        if turn < len(self.reference):
            first = moved(first, self.reference[turn], self.weighting)
        self.turn += 1
        return [first], self.swarm[1:]

    def _moves(
        self, free: Sequence[Particle], problem: Problem, run: Run, until: Until
    ) -> list[Node[Particle]]:
        """One draw per live particle; copies of one particle draw together."""
        moves: list[Node[Particle]] = []
        live = [particle for particle in free if not particle.final]
        for _, same in groupby(live, key=lambda particle: id(particle.scored)):
            copies = list(same)
            source = copies[0].scored.candidate if copies[0].scored else problem
            children = expand(run, source, len(copies), until=until, repeats=True)
            moves += [
                run.call(moved, old, child, self.weighting)
                for old, child in zip(copies, children, strict=True)
            ]
        return moves

    def _resample(self, run: Run) -> None:
        shares, size = self.shares, affordable_width(run, self.n)
        if len(shares) == size and ess(shares) >= self.threshold * size:
            return
        offset = float(run.rng.random())
        if self.reference:
            offset = conditional_offset(size * shares[0], run.rng)
        chosen = systematic_resample(shares, size, offset=offset)
        self.swarm = [self.swarm[place] for place in chosen]
        if self.weighting == "multiply":
            self.swarm = [replace(particle, weight=0.0) for particle in self.swarm]


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


def log_odds(score: float) -> float:
    """Log(s / (1 - s)) of a score, clipped so that it is finite."""
    clipped = min(max(score, EDGE), 1 - EDGE)
    return log(clipped) - log(1 - clipped)


def ess(weights: Sequence[float]) -> float:
    """Effective sample size of normalised weights: 1 / Σ w², from 1 to their number (Kong 1992)."""
    return 1.0 / fsum(weight * weight for weight in weights)


def systematic_resample(weights: Sequence[float], n: int, *, offset: float) -> list[int]:
    """`n` positions, each with its weight's share of them up to one (Kitagawa 1996).

    Args:
        weights: normalised.
        n: how many positions.
        offset: one uniform number, 0 ≤ offset < 1: the positions are those at (i + offset) / n.
    """
    edges = list(accumulate(weights))
    chosen: list[int] = []
    place = 0
    for i in range(n):
        at = (i + offset) / n
        while place < len(edges) - 1 and edges[place] <= at:
            place += 1
        chosen.append(place)
    return chosen


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
