r"""Problems whose difficulty rises evenly, and solutions that take any legal step.

Beside the five bins of `problem`, whose gold solution is one, a graded problem has many right paths,
of different length: a step may reduce any operation that is ready, and some steps reduce several.
"""

from __future__ import annotations

import random

from tts.arithmetic.expression import Operation, apply, evaluate, parse, render
from tts.arithmetic.problem import ArithmeticProblem, Difficulty, distinct
from tts.arithmetic.solution import STEP_SEPARATOR

GRADES = 5
_REDUCTIONS = (1, 2, 3)
_WEIGHTS = (0.8, 0.15, 0.05)
"""How often a step of `any_path` makes so many reductions."""


def limits_at(level: float) -> Difficulty:
    """What a problem of a level may hold; levels run from 0, the easiest, up to but without 1.

    Raises ValueError outside that.
    """
    if not 0 <= level < 1:
        raise ValueError(f"a level is at least 0 and below 1, not {level}")
    return Difficulty(
        operations=2 + int(6 * level),
        largest_operand=9 + int(11 * level),
        largest_value=50 + int(200 * level),
        largest_factor=9,
        splits=3,
    )


def generate_graded(difficulty_bin: int, count: int, seed: int) -> list[ArithmeticProblem]:
    """`count` distinct problems, their levels drawn evenly from one fifth (1 easiest to 5 hardest).

    Seeds and the two sides, held out and training, as of `tts.arithmetic.generate`. Raises
    ValueError for an unknown bin or a negative count.
    """
    if difficulty_bin not in range(1, GRADES + 1):
        raise ValueError(f"difficulty_bin must be 1 to {GRADES}, not {difficulty_bin}")
    if count < 0:
        raise ValueError(f"count must not be negative: {count}")

    def limits(randomness: random.Random) -> Difficulty:
        return limits_at((difficulty_bin - 1 + randomness.random()) / GRADES)

    return distinct("steps", difficulty_bin, count, seed, limits)


def any_path(expression: str, randomness: random.Random) -> str:
    r"""A right solution that reduces ready operations in any order, sometimes several in one step.

    In the form of `tts.arithmetic.solution`; the last step is ``\boxed{N}``. Raises ValueError when
    `expression` is not a fully parenthesised expression, or where a value on the way is negative:
    that has no text.
    """
    current = parse(expression)
    steps: list[str] = []
    while isinstance(current, Operation):
        [reductions] = randomness.choices(_REDUCTIONS, _WEIGHTS)
        for _ in range(reductions):
            if isinstance(current, Operation):
                current = _reduced_at(current, randomness.randrange(_ready(current)))
        steps.append(render(current))
    return STEP_SEPARATOR.join([*steps[:-1], rf"\boxed{{{current}}}"])


def _ready(expression: int | Operation) -> int:
    """How many operations have numbers on both sides."""
    if isinstance(expression, int):
        return 0
    return _ready(expression.left) + _ready(expression.right) or 1


def _reduced_at(operation: Operation, place: int) -> int | Operation:
    """The expression with one ready operation, counted from the left, replaced by its value."""
    left, right = operation.left, operation.right
    before = _ready(left)
    if isinstance(left, Operation) and place < before:
        return Operation(operation.operator, _reduced_at(left, place), right)
    if isinstance(right, Operation):
        return Operation(operation.operator, left, _reduced_at(right, place - before))
    value = apply(operation.operator, evaluate(left), evaluate(right))
    if value < 0:
        raise ValueError(f"{render(operation)} is negative")
    return value
