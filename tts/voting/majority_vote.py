"""One candidate, one vote."""

from __future__ import annotations

from collections.abc import Sequence

from tts.values import Candidate
from tts.voting.ballots import ballots
from tts.voting.grouping import Grouping
from tts.voting.vote import Vote, vote


async def majority_vote(candidates: Sequence[Candidate | None], equivalence: Grouping) -> Vote:
    """Self-consistency (Wang et al., 2022): the answer that most finished candidates give.

    None stands for a failed call, which is no wrong answer; positions are those of `candidates`.
    """
    return await vote(ballots(candidates), [1.0] * len(candidates), equivalence)
