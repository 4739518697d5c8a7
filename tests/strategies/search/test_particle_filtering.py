from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.backends.simulated import SimulatedSteps
from tts.errors import BadRequest
from tts.strategies import ParticleFiltering
from tts.strategies.search.particles import Particle, moved
from tts.values import Candidate, Score, Scored

BOX = "\\boxed{%s}"


def scored(forest: Any, value: float) -> Scored:
    return Scored(Candidate(problem=forest.problem, text="a", key="k"), Score(value=value))


def test_replace_weighs_by_the_odds_of_the_text_so_far(forest: Any) -> None:
    particle = moved(Particle(weight=9.0), scored(forest, 0.9), "replace")
    assert particle.weight == pytest.approx(2.1972, abs=1e-4)


def test_multiply_weighs_by_the_product_of_scores(forest: Any) -> None:
    once = moved(Particle(), scored(forest, 0.5), "multiply")
    assert moved(once, scored(forest, 0.5), "multiply").weight == pytest.approx(-1.3863, abs=1e-4)


def test_resampling_copies_strong_particles_and_each_copy_draws_anew(forest: Any) -> None:
    policy = forest.by_depth(["weak\n\n", "weak \n\n", "weak  \n\n", "strong\n\n"], [BOX % 1])
    scorer = ScriptedScorer({"strong": 0.99, "weak": 0.01})
    found = forest.grow(ParticleFiltering(n=4, rounds=2), policy=policy, scorer=scorer)
    parents = Counter(k.candidate.parent.text for k in found.candidates if k.candidate.parent)
    assert parents == {"strong\n\n": 4}
    assert len({kept.candidate.key for kept in found.candidates}) == 8


def test_even_weights_are_not_resampled(forest: Any) -> None:
    scorer = ScriptedScorer({}, default=0.5)
    found = forest.grow(
        ParticleFiltering(n=6, rounds=2), policy=SimulatedSteps(least=4, most=4), scorer=scorer
    )
    parents = [k.candidate.parent.key for k in found.candidates if k.candidate.parent]
    assert len(set(parents)) == 6


def test_a_threshold_of_nothing_never_resamples(forest: Any) -> None:
    found = forest.grow(
        ParticleFiltering(n=6, rounds=2, ess_threshold=0), policy=SimulatedSteps(least=4, most=4)
    )
    parents = [k.candidate.parent.key for k in found.candidates if k.candidate.parent]
    assert len(set(parents)) == 6


def test_finished_particles_cost_nothing_and_copies_of_one_vote_once(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, "poor\n\n", "poor \n\n", "poor  \n\n"], [BOX % 2])
    scorer = ScriptedScorer({BOX % 1: 0.6, "poor": 0.01, BOX % 2: 0.7})
    found = forest.grow(ParticleFiltering(n=4, rounds=3), policy=policy, scorer=scorer)
    assert forest.sampled(found) < 8
    assert sum(kept.candidate.answer == "1" for kept in found.candidates) == 1


def test_a_lost_particle_is_replaced_by_resampling(forest: Any) -> None:
    def say(_: Any, prefix: str, index: int) -> Any:
        if not prefix:
            return BadRequest("no") if index == 0 else f"step {index}\n\n"
        return BOX % 3

    found = forest.grow(ParticleFiltering(n=3, rounds=2), policy=ScriptedGenerator(say))
    assert found.answer == "3"
    assert sum(k.candidate.final for k in found.candidates) == 3


@pytest.mark.parametrize("wrong", [{"n": 0}, {"ess_threshold": 2}, {"weights": "sum"}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ParticleFiltering(**wrong)
