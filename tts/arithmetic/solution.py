r"""The gold step-by-step solution, and the exact check of one step, which labels training data."""

from __future__ import annotations

import re

from tts.arithmetic.expression import Operation, apply, evaluate, parse, render

STEP_SEPARATOR = "\n\n"
_BOXED = re.compile(r"\\boxed\{(\d+)\}")


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


def step_is_correct(expression: str, preceding: str, step: str) -> bool:
    r"""Whether `step` is a legal reduction that still has the problem's true value.

    `preceding` is the text of the earlier steps, empty for the first. A reduction is legal when
    it replaces at least one operation of the expression before it by that operation's exact
    value and leaves the rest as it was; ``\boxed{N}`` counts as the number N. Every step after
    a wrong one is wrong, for it no longer has the true value, even if it reduces legally.
    A step that cannot be read is wrong; an unreadable `expression` raises ValueError.
    """
    problem = parse(expression)
    earlier = [text for text in preceding.split(STEP_SEPARATOR) if text.strip()]
    try:
        before = _read(earlier[-1]) if earlier else problem
        after = _read(step)
    except ValueError:
        return False
    if evaluate(after) != evaluate(problem):
        return False
    return _reduces_to(before, after) and (after != before or _is_boxed(step))


def _read(step: str) -> int | Operation:
    boxed = _BOXED.fullmatch(step.strip())
    return int(boxed.group(1)) if boxed else parse(step)


def _is_boxed(step: str) -> bool:
    return _BOXED.fullmatch(step.strip()) is not None


def _reduces_to(before: int | Operation, after: int | Operation) -> bool:
    if isinstance(after, int):
        return evaluate(before) == after
    return (
        isinstance(before, Operation)
        and before.operator == after.operator
        and _reduces_to(before.left, after.left)
        and _reduces_to(before.right, after.right)
    )
