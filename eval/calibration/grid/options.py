"""A grid of whole settings, as ordinary comparisons recorded it: who was right, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from tts.eval.replay.pool import Floats, Ints
from tts.strategies.allocation.difficulty import Sight
from tts.strategies.allocation.ladder import Rung
from tts.strategies.parts.select import Choice
from tts.values import Problem

CostName = Literal["tokens", "fresh_tokens", "flops", "dollars", "seconds", "calls"]
"""What a problem is paid for in."""

DRAWS: Mapping[str, Choice] = {
    "best_of_n": "best",
    "weighted_best_of_n": "weighted",
    "majority_vote": "majority",
}
"""Strategies that draw and choose, by how: what was drawn to tell the difficulty counts for them."""


class Option(Struct, frozen=True, kw_only=True):
    """One setting: model, temperature, prompt, strategy with its parameters, and aggregation."""

    rung: Rung
    """What runs it."""
    label: str
    right: Floats
    """By problem, the share of its repeats that were right."""
    cost: Floats
    """By problem, the mean of its repeats."""
    scored: bool
    """Whether a verifier judged its draws."""

    @property
    def draws(self) -> int:
        """Of a strategy that draws and chooses, how many; 0: it is none, or may stop early."""
        told: dict[str, Any] = self.rung.parameters
        plain = self.rung.strategy in DRAWS and told.get("stop", "never") == "never"
        return int(told["n"]) if plain and "n" in told else 0

    @property
    def how(self) -> tuple[Any, ...]:
        """What its draws have in common with others of the same."""
        rung = self.rung
        return rung.model, rung.temperature, rung.sampling, rung.task, self.scored

    def goes_on(self, probe: Option) -> bool:
        """Whether it begins with the draws of another one, so that they are paid for once."""
        more = 0 < probe.draws < self.draws and self.how == probe.how
        return more or self.label == probe.label


class Probe(Struct, frozen=True, kw_only=True):
    """The setting that tells the difficulty, and what it shows of each problem."""

    option: Option
    sights: tuple[Sight, ...]
    chances: Floats
    """By problem, the share of right ones among all draws of its kind."""

    def part(self, places: Ints) -> Probe:
        return Probe(
            option=_part(self.option, places),
            sights=tuple(self.sights[at] for at in places),
            chances=self.chances[places],
        )


class Grid(Struct, frozen=True, kw_only=True):
    """Settings on the same problems."""

    unit: CostName
    problems: tuple[Problem, ...]
    options: tuple[Option, ...]
    models: Mapping[str, str]
    """Name and revision by the names that rungs use."""
    verifier: Any = None
    """Its identity."""
    probe: Probe | None = None
    """None: no setting of the first record draws and chooses."""
    left_out: int = 0
    """Problems that some setting has no verdict on."""
    notes: tuple[str, ...] = ()

    def part(self, places: Ints) -> Grid:
        """Some of the problems."""
        return Grid(
            unit=self.unit,
            problems=tuple(self.problems[at] for at in places),
            options=tuple(_part(one, places) for one in self.options),
            models=self.models,
            verifier=self.verifier,
            probe=self.probe.part(places) if self.probe else None,
            left_out=self.left_out,
            notes=self.notes,
        )

    @property
    def right(self) -> Floats:
        """(problems, options)."""
        return np.stack([one.right for one in self.options], axis=1)

    def costs(self, *, probed: bool) -> Floats:
        """(problems, options); `probed`: behind the draws that tell the difficulty."""
        own = np.stack([one.cost for one in self.options], axis=1)
        if not probed or self.probe is None:
            return own
        first = self.probe.option
        more = [0.0 if one.goes_on(first) else 1.0 for one in self.options]
        return np.asarray(own + first.cost[:, None] * np.array(more))


def _part(option: Option, places: Ints) -> Option:
    return Option(
        rung=option.rung,
        label=option.label,
        right=option.right[places],
        cost=option.cost[places],
        scored=option.scored,
    )
