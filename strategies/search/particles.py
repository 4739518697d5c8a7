"""A swarm of partial solutions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from msgspec.structs import replace

from tts.graph import Node
from tts.run import Run, Until
from tts.strategies.conditional_offset import conditional_offset
from tts.strategies.ess import ess
from tts.strategies.particle import Particle, Weighting, moved
from tts.strategies.parts.expand import expand, rounds
from tts.strategies.parts.width import affordable, normalised
from tts.strategies.systematic_resample import systematic_resample
from tts.values import Problem, Scored


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
        self.swarm = self.swarm[: affordable(run, self.n)]
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
        shares, size = self.shares, affordable(run, self.n)
        if len(shares) == size and ess(shares) >= self.threshold * size:
            return
        offset = float(run.rng.random())
        if self.reference:
            offset = conditional_offset(size * shares[0], run.rng)
        chosen = systematic_resample(shares, size, offset=offset)
        self.swarm = [self.swarm[place] for place in chosen]
        if self.weighting == "multiply":
            self.swarm = [replace(particle, weight=0.0) for particle in self.swarm]
