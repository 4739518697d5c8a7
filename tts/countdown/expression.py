"""What an expression makes and of which numbers, worked out exactly; nothing else is ever executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

DEEPEST = 24
"""Nested parentheses of an expression that is read."""
_TOKEN = re.compile(r"[0-9]{1,6}(?![0-9])|\S")


@dataclass(frozen=True, slots=True)
class Made:
    """A value and the numbers that it is made of, each as often as it is used."""

    value: Fraction
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        """`29 from 3 5 8`, the form of a reference."""
        return f"{self.value} from {' '.join(map(str, sorted(self.numbers)))}"


def evaluated(expression: str) -> Made:
    """Sums, differences, products and exact quotients of natural numbers, in parentheses or not.

    A value that is stated behind `=` is not asked for. Raises ValueError for any other text, and
    ZeroDivisionError.
    """
    left, equals, right = expression.partition("=")
    if equals:
        _Reading(right).whole()
    return _Reading(left).whole()


class _Reading:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)[::-1]
        self._depth = 0

    def whole(self) -> Made:
        value, numbers = self._sum()
        if self._tokens:
            raise ValueError(f"no operator: {self._tokens[-1]!r}")
        return Made(value, numbers)

    def _sum(self) -> tuple[Fraction, tuple[int, ...]]:
        value, numbers = self._product()
        while operator := self._taken("+-"):
            other, more = self._product()
            value = value + other if operator == "+" else value - other
            numbers += more
        return value, numbers

    def _product(self) -> tuple[Fraction, tuple[int, ...]]:
        value, numbers = self._operand()
        while operator := self._taken("*/"):
            other, more = self._operand()
            value = value * other if operator == "*" else value / other
            numbers += more
        return value, numbers

    def _operand(self) -> tuple[Fraction, tuple[int, ...]]:
        token = self._tokens.pop() if self._tokens else ""
        if token.isascii() and token.isdigit():
            return Fraction(token), (int(token),)
        if token != "(" or self._depth == DEEPEST:
            raise ValueError(f"no number: {token!r}")
        self._depth += 1
        found = self._sum()
        self._depth -= 1
        if not self._taken(")"):
            raise ValueError("a parenthesis is not closed")
        return found

    def _taken(self, wanted: str) -> str:
        """The next token where it is one of these; else nothing."""
        return self._tokens.pop() if self._tokens and self._tokens[-1] in wanted else ""
