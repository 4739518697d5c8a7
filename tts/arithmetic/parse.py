"""Reading an expression back from text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tts.arithmetic.operation import Operation, Operator

_TOKEN = re.compile(r"\d+|[()+*-]|\S")


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
