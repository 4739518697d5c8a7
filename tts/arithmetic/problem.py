"""One generated problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArithmeticProblem:
    """A problem with its exact answer; `prompt` is the whole user message."""

    id: str
    expression: str
    prompt: str
    answer: str
    difficulty_bin: int
    operations: int
