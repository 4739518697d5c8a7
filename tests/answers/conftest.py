from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tts.values import Candidate, Problem

PROBLEM = Problem(id="1", prompt="?")


class EqualText:
    """Equivalence by spelling, for votes whose answers are spelled alike."""

    async def groups(self, answers: Sequence[str]) -> list[list[int]]:
        places: dict[str, list[int]] = {}
        for place, answer in enumerate(answers):
            places.setdefault(answer, []).append(place)
        return list(places.values())


@pytest.fixture
def spelling() -> EqualText:
    return EqualText()


@pytest.fixture
def drawn() -> Callable[..., Candidate]:
    def candidate(answer: str | None, key: str, **fields: Any) -> Candidate:
        fields = {"final": True, "finish_reason": "stop", **fields}
        return Candidate(problem=PROBLEM, text=f"{answer}", key=key, answer=answer, **fields)

    return candidate
