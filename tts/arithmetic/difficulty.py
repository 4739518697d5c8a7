"""The five difficulty bins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How many operations, and how large the operands and every intermediate value may be."""

    operations: int
    largest_operand: int
    largest_value: int


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
