"""Exact evaluation."""

from __future__ import annotations

from tts.arithmetic.operation import Operation, Operator


def evaluate(expression: int | Operation) -> int:
    """The exact integer value of an expression."""
    if isinstance(expression, int):
        return expression
    return apply(expression.operator, evaluate(expression.left), evaluate(expression.right))


def apply(operator: Operator, left: int, right: int) -> int:
    """The exact integer result of one operation."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left * right
