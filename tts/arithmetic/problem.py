"""Seeded problems of five difficulties, held-out ones kept apart from training problems."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

from tts.arithmetic.expression import Operation, Operator, apply, evaluate, render

FIRST_TRAINING_SEED = 1_000_000
_HELD_OUT_SHARE = 8
_OPERATORS: tuple[Operator, ...] = ("+", "-", "*")


@dataclass(frozen=True, slots=True)
class ArithmeticProblem:
    """A problem with its exact answer; `prompt` is the whole user message."""

    id: str
    expression: str
    prompt: str
    answer: str
    difficulty_bin: int
    operations: int


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How many operations, and how large the operands and every intermediate value may be."""

    operations: int
    largest_operand: int
    largest_value: int


DIFFICULTIES: dict[int, Difficulty] = {
    1: Difficulty(operations=2, largest_operand=9, largest_value=99),
    2: Difficulty(operations=3, largest_operand=9, largest_value=99),
    3: Difficulty(operations=4, largest_operand=9, largest_value=199),
    4: Difficulty(operations=6, largest_operand=12, largest_value=499),
    5: Difficulty(operations=8, largest_operand=20, largest_value=999),
}


def difficulty_of(difficulty_bin: int) -> Difficulty:
    """The settings of a bin; raises ValueError outside 1 to 5."""
    if difficulty_bin not in DIFFICULTIES:
        raise ValueError(f"difficulty_bin must be 1 to 5, not {difficulty_bin}")
    return DIFFICULTIES[difficulty_bin]


def generate(difficulty_bin: int, count: int, seed: int) -> list[ArithmeticProblem]:
    """`count` distinct problems of one bin (1 easiest to 5 hardest), the same for the same seed.

    Seeds below `FIRST_TRAINING_SEED` give held-out problems and the others training problems;
    an expression belongs to one of the two by its checksum, so no seeds make them overlap.
    Raises ValueError for an unknown bin or a negative count.
    """
    difficulty = difficulty_of(difficulty_bin)
    if count < 0:
        raise ValueError(f"count must not be negative: {count}")
    randomness = random.Random(f"arithmetic/{difficulty_bin}/{seed}")
    held_out = seed < FIRST_TRAINING_SEED
    problems: dict[str, ArithmeticProblem] = {}
    while len(problems) < count:
        tree = _tree(difficulty.operations, difficulty, randomness)
        text = render(tree)
        if _is_held_out(text) == held_out and text not in problems:
            problems[text] = ArithmeticProblem(
                id=f"arithmetic-{difficulty_bin}-{seed}-{len(problems)}",
                expression=text,
                prompt=f"Compute {text}.",
                answer=str(evaluate(tree)),
                difficulty_bin=difficulty_bin,
                operations=difficulty.operations,
            )
    return list(problems.values())


def _is_held_out(text: str) -> bool:
    return zlib.crc32(text.encode()) % _HELD_OUT_SHARE == 0


def _tree(operations: int, limits: Difficulty, randomness: random.Random) -> int | Operation:
    if operations == 0:
        return randomness.randint(1, limits.largest_operand)
    left_operations = randomness.randrange(operations)
    left = _tree(left_operations, limits, randomness)
    right = _tree(operations - 1 - left_operations, limits, randomness)
    if evaluate(left) < evaluate(right) and randomness.random() < 0.5:
        left, right = right, left
    operators = _allowed_operators(evaluate(left), evaluate(right), limits.largest_value)
    if not operators:
        return Operation("-", right, left)
    return Operation(randomness.choice(operators), left, right)


def _allowed_operators(left: int, right: int, largest_value: int) -> list[Operator]:
    return [
        operator for operator in _OPERATORS if 0 <= apply(operator, left, right) <= largest_value
    ]
