"""The tree of a fully parenthesised integer expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["+", "-", "*"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One binary operation whose sides are natural numbers or nested operations."""

    operator: Operator
    left: int | Operation
    right: int | Operation
