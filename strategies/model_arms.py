"""Which of several models draws next, by what their answers were worth so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tts.strategies.arm import Arm, Belief
from tts.strategies.search.posteriors import MixedModel


class ModelArms:
    """A bandit arm per model."""

    def __init__(self, models: Sequence[str], belief: Belief) -> None:
        self.arms = {model: Arm(belief) for model in models}

    def choose(self, rng: np.random.Generator) -> str:
        """The model of the greatest draw."""
        draws = {model: arm.draw(rng) for model, arm in self.arms.items()}
        return max(draws, key=lambda name: draws[name])

    def reward(self, model: str, value: float) -> None:
        self.arms[model].reward(value)


class MixedArms:
    """The models as groups of a mixed model; one that has drawn nothing is a new group."""

    def __init__(self, models: Sequence[str]) -> None:
        self.scores: dict[str, list[float]] = {model: [] for model in models}

    def choose(self, rng: np.random.Generator) -> str:
        """The model of the greatest draw; of several new ones any."""
        known = {model: scores for model, scores in self.scores.items() if scores}
        fresh = [model for model in self.scores if model not in known]
        if not known:
            return fresh[int(rng.integers(len(fresh)))]
        drawn, new = MixedModel(list(known.values())).draw(rng)
        best, model = max(zip(drawn, known, strict=True))
        return fresh[int(rng.integers(len(fresh)))] if fresh and new > best else model

    def reward(self, model: str, value: float) -> None:
        self.scores[model].append(value)
