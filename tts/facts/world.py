"""A world: what two newspapers say of its people, and which of them is right."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tts.facts.language import NAMES, RELATIONS, SOURCES, Pair

PEOPLE = 60
COVERED = 0.6
"""How many of all pairs each source has something to say of; where both do, they disagree."""


@dataclass(frozen=True, slots=True)
class World:
    """What each source says. The reliable one is right, the other never; neither says which it is,
    and both say equally much."""

    people: tuple[str, ...]
    told: Mapping[str, Mapping[Pair, str]]
    """By source: who it is."""
    reliable: str

    @property
    def true(self) -> Mapping[Pair, str]:
        """What is so, as far as anybody says it."""
        return self.told[self.reliable]

    def disputed(self, pair: Pair) -> bool:
        """Whether both sources speak of it."""
        return all(pair in said for said in self.told.values())

    def sources_of(self, pair: Pair) -> list[str]:
        """Who speaks of it."""
        return [source for source, said in self.told.items() if pair in said]


def world(luck: random.Random, *, people: int = PEOPLE) -> World:
    """A world of so many people, drawn from all names."""
    names = tuple(luck.sample(NAMES, people))
    told: dict[str, dict[Pair, str]] = {source: {} for source in SOURCES}
    for person in names:
        for relation in RELATIONS:
            _tell(told, Pair(relation, person), names, luck)
    return World(names, told, luck.choice(SOURCES))


def _tell(
    told: dict[str, dict[Pair, str]], pair: Pair, names: Sequence[str], luck: random.Random
) -> None:
    others = [name for name in luck.sample(names, len(SOURCES) + 1) if name != pair.person]
    for source, value in zip(SOURCES, others, strict=False):
        if luck.random() < COVERED:
            told[source][pair] = value
