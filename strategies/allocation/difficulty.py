"""How hard a problem is, from a few draws: what was seen, the chance of a right draw, its bin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import exp, log1p
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tts.strategies.parts.stopping import Seen
from tts.values import Problem

Feature = Literal["constant", "best", "mean", "agreement", "answered", "length"]
"""What a guess rests on."""

Sight = Mapping[Feature, float | None]
"""The features of a problem; None: unknown, as are scores where no verdict came."""

LIU: tuple[float, ...] = (0.1, 0.5)
"""Absolute edges of the chance of a right draw: hard below .1, easy from .5 (Liu et al. 2025)."""
MIDDLE = 0.5
"""An unknown feature, where nobody noted what is typical."""
SNELL = 5
"""Bins of equal size, by the chance of a right draw (Snell et al. 2024)."""


def sight_of(seen: Seen, problem: Problem) -> Sight:
    """The features of a problem after some draws; they cost nothing beside the draws."""
    scores = [score for score in seen.scores if score is not None]
    votes, draws = sum(seen.counts), len(seen.classes)
    return {
        "constant": 1.0,
        "best": max(scores) if scores else None,
        "mean": fmean(scores) if scores else None,
        "agreement": seen.counts[0] / votes if votes else None,
        "answered": votes / draws if draws else None,
        "length": log1p(len(problem.prompt)),
    }


class Difficulty(BaseModel):
    """A logistic guess of the chance of a right draw, and the edges of its bins."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    weights: dict[Feature, float]
    typical: dict[Feature, float] = {}
    """The mean of each where it was fitted: what an unknown one counts as."""
    edges: tuple[float, ...] = LIU
    """Ascending, between 0 and 1; bin 1 lies above the highest."""
    probes: int = Field(default=1, ge=1)
    """Draws that it was fitted on."""

    @model_validator(mode="after")
    def _ascending(self) -> Difficulty:
        if list(self.edges) != sorted(set(self.edges)) or not all(0 < e < 1 for e in self.edges):
            raise ValueError("edges ascend between 0 and 1")
        return self

    @property
    def bins(self) -> int:
        return len(self.edges) + 1

    def hope(self, sight: Sight) -> float:
        """The chance that a draw is right."""
        total = sum(weight * self._known(sight, name) for name, weight in self.weights.items())
        return 1 / (1 + exp(-min(30.0, max(-30.0, total))))

    def _known(self, sight: Sight, name: Feature) -> float:
        """A missing verdict speaks neither for a hard problem nor for an easy one."""
        seen = sight.get(name)
        return self.typical.get(name, MIDDLE) if seen is None else seen

    def bin(self, sight: Sight) -> int:
        """1 (easiest) to `bins`."""
        return bin_of(self.hope(sight), self.edges)


def bin_of(hope: float, edges: Sequence[float]) -> int:
    """The bin of a chance between ascending edges, 1 the easiest."""
    return len(edges) + 1 - bisect_right(edges, hope)


def quantile_edges(hopes: Sequence[float], bins: int = SNELL) -> tuple[float, ...]:
    """Edges that part the problems into bins of about equal size; fewer where many are equal."""
    ordered = sorted(hopes)
    cuts = {ordered[len(ordered) * place // bins] for place in range(1, bins)} if ordered else set()
    return tuple(sorted(cut for cut in cuts if 0 < cut < 1))
