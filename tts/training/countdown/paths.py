"""Ways through generated training problems, as a player takes them who errs now and then."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tts.countdown.problem import LARGEST_GIVEN, is_held_out, targets_of
from tts.countdown.solution import step_text
from tts.countdown.state import Move, Numbers, is_solvable, moves, open_moves

_SHARES = {3: 0.15, 4: 0.4, 5: 0.45}
_SLIPS = (0.1, 0.4, 0.8)
"""A path in three errs as often as the policy, one plays nearly at random."""
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Path:
    """Legal steps from given numbers until one is left."""

    given: Numbers
    """In the order of the prompt."""
    target: int
    moves: tuple[Move, ...]


def training_problem(luck: random.Random) -> tuple[Numbers, int]:
    """Numbers in ascending order that are not held out, and any target that they can reach."""
    counts, weights = zip(*_SHARES.items(), strict=True)
    while True:
        (count,) = luck.choices(counts, weights)
        numbers = tuple(sorted(luck.randint(1, LARGEST_GIVEN) for _ in range(count)))
        targets = [] if is_held_out(numbers) else targets_of(numbers)
        if targets:
            return numbers, luck.choice(targets)


def training_path(luck: random.Random, slip: float) -> Path:
    """A path whose every step is, with the chance `slip`, any legal one, and else any after which
    the target can still be reached (any legal one where there is none)."""
    numbers, target = training_problem(luck)
    given = tuple(luck.sample(numbers, len(numbers)))
    path: list[Move] = []
    while len(numbers) > 1:
        path.append(luck.choice(_choice(luck, numbers, target, slip)))
        numbers = path[-1].apply(numbers)
    return Path(given, target, tuple(path))


def _choice(luck: random.Random, numbers: Numbers, target: int, slip: float) -> Sequence[Move]:
    good = [] if luck.random() < slip else open_moves(numbers, target)
    return good or moves(numbers)


@dataclass(frozen=True, slots=True)
class JudgedPath:
    """A path as its reader sees it: some steps of it may be no legal ones."""

    given: Numbers
    target: int
    steps: tuple[str, ...]
    tables: tuple[Numbers | None, ...]
    """What is on the table after each step; None from the first illegal step on."""

    @property
    def labels(self) -> tuple[bool, ...]:
        """Of each step, whether it is legal, as all before it, and the target can be reached."""
        return tuple(table is not None and is_solvable(table, self.target) for table in self.tables)


def judged_path(luck: random.Random, spoilt: float) -> JudgedPath:
    """A path with its own share of slips, in which each step is spoilt with the chance `spoilt`."""
    path = training_path(luck, slip=luck.choice(_SLIPS))
    numbers = tuple(sorted(path.given))
    steps: list[str] = []
    tables: list[Numbers | None] = []
    legal = True
    for move in path.moves:
        numbers = move.apply(numbers)
        steps.append(step_text(move, numbers))
        if luck.random() < spoilt:
            steps[-1], legal = spoil(luck, steps[-1]), False
        tables.append(numbers if legal else None)
    return JudgedPath(path.given, path.target, tuple(steps), tuple(tables))


def spoil(luck: random.Random, step: str) -> str:
    """The step with one of its numbers replaced by another."""
    found = list(_NUMBER.finditer(step))
    chosen = luck.choice(found)
    other = luck.choice([n for n in range(1, 100) if n != int(chosen[0])])
    return f"{step[: chosen.start()]}{other}{step[chosen.end() :]}"
