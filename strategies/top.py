"""The best of scored candidates."""

from __future__ import annotations

from collections.abc import Iterable

from tts.values import Scored


def top(scored: Iterable[Scored], k: int) -> list[Scored]:
    """The `k` highest scored, best first; of equals the one submitted first."""
    return sorted(scored, key=lambda one: -one.score.value)[:k]
