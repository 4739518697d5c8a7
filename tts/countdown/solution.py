"""A way to the target as text: one step a line, the last of which states the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tts.countdown.state import Move, Numbers, Operator

STEP_SEPARATOR = "\n\n"
_STEP = re.compile(
    r"(\d{1,4}) ([-+*/]) (\d{1,4}) = (\d{1,6}) \| (?:left (\d{1,4}(?: \d{1,4})+)|answer (\d{1,6}))"
)


def step_text(move: Move, left: Numbers) -> str:
    """`8 * 3 = 24 | left 5 24`, or `24 + 5 = 29 | answer 29` where one number is left."""
    what = "left" if len(left) > 1 else "answer"
    told = " ".join(map(str, left))
    return f"{move.left} {move.operator} {move.right} = {move.result} | {what} {told}"


def path_text(numbers: Numbers, path: Iterable[Move]) -> str:
    """The steps of a path from `numbers`, with a blank line between two."""
    steps: list[str] = []
    for move in path:
        numbers = move.apply(numbers)
        steps.append(step_text(move, numbers))
    return STEP_SEPARATOR.join(steps)


def after_step(numbers: Numbers, step: str) -> Numbers | None:
    """The table after a step; None where the step is not legal or says what is not so.

    Legal are exact operations on two numbers of the table with a positive whole result, in any
    order of the operands and of the numbers that are left, and of any size.
    """
    read = _STEP.fullmatch(step.strip())
    if read is None:
        return None
    left, right, result = int(read[1]), int(read[3]), int(read[4])
    move = Move(left, _OPERATORS[read[2]], right, result)
    stated = tuple(sorted(map(int, (read[5] or read[6]).split(" "))))
    if not _is_exact(move):
        return None
    try:
        after = move.apply(numbers)
    except ValueError:
        return None
    return after if after == stated else None


_OPERATORS: dict[str, Operator] = {"+": "+", "-": "-", "*": "*", "/": "/"}


def _is_exact(move: Move) -> bool:
    match move.operator:
        case "+":
            return move.left + move.right == move.result
        case "-":
            return move.left - move.right == move.result > 0
        case "*":
            return move.left * move.right == move.result
        case "/":
            return move.right * move.result == move.left and move.result > 0
