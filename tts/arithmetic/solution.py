"""The gold step-by-step solution."""

from __future__ import annotations

from tts.arithmetic.evaluate import apply
from tts.arithmetic.operation import Operation
from tts.arithmetic.parse import parse
from tts.arithmetic.render import render

STEP_SEPARATOR = "\n\n"


def solution(expression: str) -> str:
    r"""Reduce the leftmost innermost operation once per step until one number is left.

    Steps are separated by a blank line; each is the reduced expression, the last ``\boxed{N}``.
    Raises ValueError when `expression` is not a fully parenthesised expression.
    """
    current = parse(expression)
    steps: list[str] = []
    while isinstance(current, Operation):
        current = _reduce(current)
        steps.append(render(current))
    return STEP_SEPARATOR.join([*steps[:-1], rf"\boxed{{{current}}}"])


def _reduce(operation: Operation) -> int | Operation:
    left, right = operation.left, operation.right
    if isinstance(left, Operation):
        return Operation(operation.operator, _reduce(left), right)
    if isinstance(right, Operation):
        return Operation(operation.operator, left, _reduce(right))
    return apply(operation.operator, left, right)
