"""What a vote needs of answer equivalence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Grouping(Protocol):
    """Sorts answers into classes; `tts.equivalence.Equivalence` is one."""

    async def groups(self, answers: Sequence[str]) -> list[list[int]]:
        """Positions of equal answers, classes and members in order of first appearance."""
        ...
