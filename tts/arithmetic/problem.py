"""Seeded problems of five difficulties, held-out ones kept apart from training problems."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
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
    largest_factor: int | None = None
    """Of the smaller side of a product; None where any is allowed."""
    splits: int = 1
    """The middle of so many draws divides the operations: more draws, more balanced trees."""


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
    return distinct("arithmetic", difficulty_bin, count, seed, lambda _: difficulty)


def distinct(
    family: str,
    difficulty_bin: int,
    count: int,
    seed: int,
    limits_of: Callable[[random.Random], Difficulty],
) -> list[ArithmeticProblem]:
    """Distinct problems of a family, held out where the seed is none of training's.

    `limits_of` is asked for the limits of each expression before it is drawn.
    """
    randomness = random.Random(f"{family}/{difficulty_bin}/{seed}")
    held_out = seed < FIRST_TRAINING_SEED
    problems: dict[str, ArithmeticProblem] = {}
    while len(problems) < count:
        limits = limits_of(randomness)
        tree = random_tree(limits.operations, limits, randomness)
        text = render(tree)
        if is_held_out(text) == held_out and text not in problems:
            problems[text] = ArithmeticProblem(
                id=f"{family}-{difficulty_bin}-{seed}-{len(problems)}",
                expression=text,
                prompt=f"Compute {text}.",
                answer=str(evaluate(tree)),
                difficulty_bin=difficulty_bin,
                operations=limits.operations,
            )
    return list(problems.values())


def is_held_out(text: str) -> bool:
    """Whether an expression is kept from every training."""
    return zlib.crc32(text.encode()) % _HELD_OUT_SHARE == 0


def random_tree(operations: int, limits: Difficulty, randomness: random.Random) -> int | Operation:
    """An expression of so many operations whose values all lie between 0 and the limit."""
    if operations == 0:
        return randomness.randint(1, limits.largest_operand)
    draws = sorted(randomness.randrange(operations) for _ in range(limits.splits))
    left_operations = draws[limits.splits // 2]
    left = random_tree(left_operations, limits, randomness)
    right = random_tree(operations - 1 - left_operations, limits, randomness)
    if evaluate(left) < evaluate(right) and randomness.random() < 0.5:
        left, right = right, left
    operators = _allowed_operators(evaluate(left), evaluate(right), limits)
    if not operators:
        return Operation("-", right, left)
    return Operation(randomness.choice(operators), left, right)


def _allowed_operators(left: int, right: int, limits: Difficulty) -> list[Operator]:
    factor = limits.largest_factor
    return [
        operator
        for operator in _OPERATORS
        if 0 <= apply(operator, left, right) <= limits.largest_value
        and (operator != "*" or factor is None or min(left, right) <= factor)
    ]
