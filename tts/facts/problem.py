"""Seeded questions of five difficulties about a world, its documents and its demonstrations."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tts.facts.language import RELATIONS, Pair, question, statement
from tts.facts.world import World, world
from tts.values import Demonstration, Document, Hop

FIRST_TRAINING_SEED = 1_000_000
"""As that of `tts.arithmetic`."""
MOST_PER_BIN = 60
"""Distinct questions of the rarest kind that any world surely has."""
_SHOWN_SHARE = 4
"""One question in so many is kept for demonstrations."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How many hops lead to the answer, and of how many of them the sources disagree."""

    hops: int
    disputed: int


DIFFICULTIES: dict[int, Difficulty] = {
    1: Difficulty(hops=1, disputed=0),
    2: Difficulty(hops=1, disputed=1),
    3: Difficulty(hops=2, disputed=0),
    4: Difficulty(hops=2, disputed=1),
    5: Difficulty(hops=2, disputed=2),
}


@dataclass(frozen=True, slots=True)
class FactProblem:
    """A question about a world; `hops` lead to its answer one by one."""

    id: str
    prompt: str
    answer: str
    hops: tuple[Hop, ...]
    support: tuple[str, ...]
    """Ids of the documents that say what is so of each hop, in their order."""
    difficulty_bin: int


def generate(difficulty_bin: int, count: int, seed: int) -> list[FactProblem]:
    """`count` distinct questions of one bin about the world of a seed, the same for the same seed.

    None of them is shown in a demonstration. Raises ValueError for an unknown bin, and for more
    questions than the world has.
    """
    if difficulty_bin not in DIFFICULTIES:
        raise ValueError(f"difficulty_bin must be 1 to 5, not {difficulty_bin}")
    wanted = DIFFICULTIES[difficulty_bin]
    found = [
        one for one in _asked(seed, wanted.hops, shown=False) if one.disputes == wanted.disputed
    ]
    if not 0 <= count <= len(found):
        raise ValueError(f"count must be 0 to {len(found)}, not {count}")
    return [
        one.problem(f"facts-{difficulty_bin}-{seed}-{place}", difficulty_bin)
        for place, one in enumerate(found[:count])
    ]


def documents(seed: int) -> tuple[Document, ...]:
    """All that is said in the world of a seed, one statement a document, in random order."""
    return tuple(_library(seed).values())


def demonstrations(seed: int, count: int, *, hops: int) -> tuple[Demonstration, ...]:
    """`count` questions of so many hops about the world of a seed, each with its
    answer and, of two hops, with those; none of them is asked by `generate`."""
    return tuple(
        Demonstration(
            question=one.text, answer=one.hops[-1].answer, hops=one.hops if hops > 1 else ()
        )
        for one in _asked(seed, hops, shown=True)[:count]
    )


def name(source: str, pair: Pair) -> str:
    """The id of a document."""
    return f"{source}/{pair.relation}/{pair.person}"


@dataclass(frozen=True, slots=True)
class Chain:
    """Pairs of which each one's person is what the one before leads to."""

    world: World
    pairs: tuple[Pair, ...]

    @property
    def text(self) -> str:
        return question([pair.relation for pair in reversed(self.pairs)], self.pairs[0].person)

    @property
    def hops(self) -> tuple[Hop, ...]:
        return tuple(
            Hop(question([pair.relation], pair.person), self.world.true[pair])
            for pair in self.pairs
        )

    @property
    def disputes(self) -> int:
        return sum(map(self.world.disputed, self.pairs))

    def problem(self, id: str, difficulty_bin: int) -> FactProblem:
        reliable = self.world.reliable
        support = tuple(name(reliable, pair) for pair in self.pairs)
        return FactProblem(id, self.text, self.hops[-1].answer, self.hops, support, difficulty_bin)


@lru_cache(maxsize=8)
def _world(seed: int) -> World:
    return world(random.Random(f"facts/{seed}"))


@lru_cache(maxsize=8)
def _library(seed: int) -> dict[str, Document]:
    there = _world(seed)
    said = [
        Document(name(source, pair), statement(source, pair, value))
        for source, told in there.told.items()
        for pair, value in told.items()
    ]
    random.Random(f"facts/library/{seed}").shuffle(said)
    return {one.id: one for one in said}


def _asked(seed: int, hops: int, *, shown: bool) -> list[Chain]:
    """All questions of so many hops that are shown, or that are not, in random order."""
    found = [one for one in chains(_world(seed), hops) if _is_shown(one.text) == shown]
    random.Random(f"facts/asked/{seed}/{hops}").shuffle(found)
    return found


def _is_shown(text: str) -> bool:
    return zlib.crc32(text.encode()) % _SHOWN_SHARE == 0


def chains(there: World, hops: int) -> Iterator[Chain]:
    """Every way of one or two hops through what is so that comes to nobody twice."""
    for pair, value in there.true.items():
        if hops == 1:
            yield Chain(there, (pair,))
            continue
        for relation in RELATIONS:
            second = Pair(relation, value)
            if there.true.get(second, pair.person) != pair.person:
                yield Chain(there, (pair, second))
