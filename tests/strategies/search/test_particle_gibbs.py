from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedScorer
from tts.backends.simulated import SimulatedSteps
from tts.strategies import ParticleGibbs
from tts.strategies.search.particles import Particle, Particles
from tts.values import Candidate, Score, Scored

BOX = "\\boxed{%s}"


def reference(forest: Any, *values: float) -> list[Scored]:
    path: list[Scored] = []
    for depth, value in enumerate(values):
        parent = path[-1].candidate if path else None
        candidate = Candidate(
            problem=forest.problem,
            text="r\n\n" * (depth + 1),
            key=f"r{depth}",
            parent=parent,
            final=depth == len(values) - 1,
        )
        path.append(Scored(candidate, Score(value=value)))
    return path


def particles(path: list[Scored]) -> Particles:
    return Particles(3, ess_threshold=1.0, weights="replace", reference=path)


def test_the_reference_takes_part_with_its_weight_of_the_step_and_not_of_its_end(
    forest: Any,
) -> None:
    path = reference(forest, 0.5, 0.99)
    [first], free = particles(path)._guided()
    assert (first.weight, len(free)) == (0.0, 2)


def test_a_reference_at_its_end_stays_there(forest: Any) -> None:
    swarm = particles(reference(forest, 0.5))
    [swarm.swarm[0]], _ = swarm._guided()
    [again], _ = swarm._guided()
    assert again is swarm.swarm[0]
    assert again.final


def test_the_reference_survives_resampling_whatever_it_weighs(forest: Any) -> None:
    path = reference(forest, 1e-6, 1e-6)
    seen: list[Any] = []

    async def solve(problem: Any, run: Any) -> None:
        for _ in range(50):
            swarm = particles(path)
            other = reference(forest, 0.999)[0]
            swarm.swarm = [Particle(path[0], -13.0), Particle(other, 6.0), Particle(other, 6.0)]
            swarm._resample(run)
            seen.append(swarm.swarm[0].scored)

    forest.lab.run(forest.lab.solve(solve))
    assert all(one is path[0] for one in seen)


def test_the_reference_is_drawn_once_and_costs_nothing_again(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, BOX % 2, BOX % 3, BOX % 4])
    found = forest.grow(ParticleGibbs(n=4, iterations=2), policy=policy)
    assert forest.sampled(found) == 2 + 1


def test_later_iterations_find_new_solutions(forest: Any) -> None:
    found = forest.grow(
        ParticleGibbs(n=9, iterations=3, rounds=5), policy=SimulatedSteps(least=3, most=4)
    )
    assert sum(kept.candidate.final for kept in found.candidates) >= 6


def test_an_unscored_start_has_no_reference(forest: Any) -> None:
    scorer = ScriptedScorer({}, default=0.5)
    assert forest.grow(ParticleGibbs(n=4, rounds=1), scorer=scorer).answer is not None


def test_each_iteration_needs_two_particles() -> None:
    with pytest.raises(ValueError, match="2 particles"):
        ParticleGibbs(n=5, iterations=3)
