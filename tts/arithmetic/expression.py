"""Fully parenthesised integer expressions: the tree, its value, its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal["+", "-", "*"]
_TOKEN = re.compile(r"\d+|[()+*-]|\S")


@dataclass(frozen=True, slots=True)
class Operation:
    """One binary operation whose sides are natural numbers or nested operations."""

    operator: Operator
    left: int | Operation
    right: int | Operation


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


def render(expression: int | Operation) -> str:
    """Text such as ``(3 + 4) * 2``: nested operations in parentheses, none around the whole."""
    if isinstance(expression, int):
        return str(expression)
    return f"{_nested(expression.left)} {expression.operator} {_nested(expression.right)}"


def _nested(expression: int | Operation) -> str:
    text = render(expression)
    return text if isinstance(expression, int) else f"({text})"


def parse(text: str) -> int | Operation:
    """Read the text that `render` writes, whatever its spacing.

    Raises ValueError when the text is not a fully parenthesised expression of natural numbers.
    """
    tokens = iter(_TOKEN.findall(text))
    left = _operand(tokens)
    operator = next(tokens, None)
    if operator is None:
        return left
    whole = Operation(_operator(operator), left, _operand(tokens))
    if next(tokens, None) is not None:
        raise ValueError(f"text after the end of the expression: {text!r}")
    return whole


def _operand(tokens: Iterator[str]) -> int | Operation:
    token = next(tokens, "")
    if token.isdecimal():
        return int(token)
    if token != "(":
        raise ValueError(f"expected a number or '(', found {token!r}")
    left = _operand(tokens)
    operator = _operator(next(tokens, ""))
    right = _operand(tokens)
    if next(tokens, "") != ")":
        raise ValueError("expected ')'")
    return Operation(operator, left, right)


def _operator(token: str) -> Operator:
    if token == "+":
        return "+"
    if token == "-":
        return "-"
    if token == "*":
        return "*"
    raise ValueError(f"expected an operator, found {token!r}")
