"""The numbers on the table: which steps are legal and which targets can still be reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

Operator = Literal["+", "-", "*", "/"]
Numbers = tuple[int, ...]
"""Natural numbers in ascending order, each as often as it is there."""

LARGEST = 99
"""No number on the table is larger."""


@dataclass(frozen=True, slots=True)
class Move:
    """Two numbers of the table replaced by the result of one operation."""

    left: int
    operator: Operator
    right: int
    result: int

    def apply(self, numbers: Numbers) -> Numbers:
        """The table after this step; raises ValueError where an operand is not on it."""
        rest = list(numbers)
        rest.remove(self.left)
        rest.remove(self.right)
        return tuple(sorted([*rest, self.result]))


def moves(numbers: Numbers) -> list[Move]:
    """Every legal step, once: results are whole, positive and at most `LARGEST`.

    The larger operand stands first, so that a sum or product has one spelling.
    """
    pairs = dict.fromkeys(combinations(numbers, 2))
    return [move for low, high in pairs for move in _of_pair(high, low)]


def _of_pair(high: int, low: int) -> Iterator[Move]:
    if high + low <= LARGEST:
        yield Move(high, "+", low, high + low)
    if high > low:
        yield Move(high, "-", low, high - low)
    if high * low <= LARGEST:
        yield Move(high, "*", low, high * low)
    if high % low == 0:
        yield Move(high, "/", low, high // low)


@lru_cache(maxsize=1 << 19)
def reachable(numbers: Numbers) -> int:
    """The targets that some order of steps makes of all the numbers, as a set of bits.

    Bit t stands for the target t. The search is exhaustive over `moves`.
    """
    if len(numbers) == 1:
        return 1 << numbers[0]
    targets = 0
    for move in moves(numbers):
        targets |= reachable(move.apply(numbers))
    return targets


def is_solvable(numbers: Numbers, target: int) -> bool:
    """Whether `target` can be made of all the numbers."""
    return bool(reachable(numbers) >> target & 1)


def open_moves(numbers: Numbers, target: int) -> list[Move]:
    """The legal steps after which `target` can still be reached."""
    return [move for move in moves(numbers) if is_solvable(move.apply(numbers), target)]
