"""What a scored candidate weighs."""

from __future__ import annotations

from tts.values import Scored
from tts.voting.aggregate import Aggregate, aggregate


def rating(scored: Scored, how: Aggregate | None = None) -> float:
    """The verifier's own value, or its step scores aggregated anew where it gave any."""
    steps = scored.score.steps
    return aggregate(steps, how) if how is not None and steps else scored.score.value
