"""Seeded problems of five difficulties; no numbers of a held-out problem are trained on."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from tts.countdown.state import Numbers, is_solvable, moves, open_moves, reachable

FIRST_TRAINING_SEED = 1_000_000
"""As that of `tts.arithmetic`."""
LARGEST_GIVEN = 13
SMALLEST_TARGET, LARGEST_TARGET = 10, 99
_HELD_OUT_SHARE = 8


@dataclass(frozen=True, slots=True)
class CountdownProblem:
    """Numbers from which to make a target; `prompt` is the whole user message."""

    id: str
    numbers: Numbers
    """In the order of the prompt."""
    target: int
    difficulty_bin: int
    openness: float
    """The share of legal first steps after which the target can still be reached."""

    @property
    def prompt(self) -> str:
        """The task as the embedded policy was trained on it."""
        return prompt_of(self.numbers, self.target)

    @property
    def answer(self) -> str:
        """What a right answer makes, and from what."""
        return f"{self.target} from {spaced(sorted(self.numbers))}"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How many numbers are given, and within which bounds the openness is (the upper excluded)."""

    numbers: int
    least_open: float
    most_open: float


DIFFICULTIES: dict[int, Difficulty] = {
    1: Difficulty(numbers=3, least_open=0.0, most_open=1.01),
    2: Difficulty(numbers=4, least_open=0.25, most_open=1.01),
    3: Difficulty(numbers=5, least_open=0.4, most_open=1.01),
    4: Difficulty(numbers=4, least_open=0.0, most_open=0.25),
    5: Difficulty(numbers=5, least_open=0.0, most_open=0.4),
}


def prompt_of(numbers: Sequence[int], target: int) -> str:
    """The user message of a problem."""
    return f"Make {target} from {spaced(numbers)}."


def spaced(numbers: Sequence[int]) -> str:
    """Numbers with one space between them."""
    return " ".join(map(str, numbers))


def generate(difficulty_bin: int, count: int, seed: int) -> list[CountdownProblem]:
    """`count` distinct solvable problems of one bin, the same for the same seed.

    Seeds below `FIRST_TRAINING_SEED` give held-out problems and the others training problems; the
    checksum of the numbers, in ascending order, says to which of the two every target of theirs
    belongs. Raises ValueError for an unknown bin or a negative count.
    """
    if difficulty_bin not in DIFFICULTIES:
        raise ValueError(f"difficulty_bin must be 1 to 5, not {difficulty_bin}")
    if count < 0:
        raise ValueError(f"count must not be negative: {count}")
    luck = random.Random(f"countdown/{difficulty_bin}/{seed}")
    held_out = seed < FIRST_TRAINING_SEED
    found: dict[tuple[Numbers, int], CountdownProblem] = {}
    while len(found) < count:
        numbers, target = _drawn(luck, DIFFICULTIES[difficulty_bin], held_out)
        given = tuple(luck.sample(numbers, len(numbers)))
        name = f"countdown-{difficulty_bin}-{seed}-{len(found)}"
        problem = CountdownProblem(name, given, target, difficulty_bin, openness(numbers, target))
        found.setdefault((numbers, target), problem)
    return list(found.values())


def _drawn(luck: random.Random, difficulty: Difficulty, held_out: bool) -> tuple[Numbers, int]:
    """Numbers in ascending order and a target of the wanted openness."""
    while True:
        given = (luck.randint(1, LARGEST_GIVEN) for _ in range(difficulty.numbers))
        numbers = tuple(sorted(given))
        if is_held_out(numbers) != held_out:
            continue
        target = luck.randint(SMALLEST_TARGET, LARGEST_TARGET)
        if not is_solvable(numbers, target):
            continue
        if difficulty.least_open <= openness(numbers, target) < difficulty.most_open:
            return numbers, target


def is_held_out(numbers: Numbers) -> bool:
    """Whether problems with these numbers, given in ascending order, are kept from training."""
    return zlib.crc32(spaced(numbers).encode()) % _HELD_OUT_SHARE == 0


def openness(numbers: Numbers, target: int) -> float:
    """The share of legal first steps after which `target` can still be reached."""
    return len(open_moves(numbers, target)) / len(moves(numbers))


def targets_of(numbers: Numbers) -> list[int]:
    """Every target of a problem that these numbers, in ascending order, can reach."""
    found = reachable(numbers)
    return [t for t in range(SMALLEST_TARGET, LARGEST_TARGET + 1) if found >> t & 1]
