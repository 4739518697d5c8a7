"""Votes weighed by a verifier."""

from __future__ import annotations

from collections.abc import Sequence

from tts.values import Scored
from tts.voting.aggregate import Aggregate
from tts.voting.ballots import ballots
from tts.voting.grouping import Grouping
from tts.voting.rating import rating
from tts.voting.vote import Vote, vote


async def weighted_vote(
    scored: Sequence[Scored | None], equivalence: Grouping, *, how: Aggregate | None = None
) -> Vote:
    """Weighted best-of-N (Li et al., 2022): scores summed over equal answers (PRM-`how`-vote).

    `how` aggregates the step scores anew; None takes each score's value. None in `scored` stands
    for a failed call.
    """
    answers = ballots([item.candidate if item else None for item in scored])
    weights = [rating(item, how) if item else 0.0 for item in scored]
    return await vote(answers, weights, equivalence)
